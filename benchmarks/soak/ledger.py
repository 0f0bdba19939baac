"""What went in against what came out."""

from dataclasses import dataclass, field

import msgspec


@dataclass(frozen=True, slots=True)
class Arrival:
    """A delivery that the receiver kept: event, camera, body."""

    event_id: str
    device_code: str
    sequence: int
    origin_id: str
    text: str
    body_sha256: str


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """The sums. Nothing may be lost, unexpected, altered or reordered.

    Attributes:
        sent: events that the sender had.
        accepted: of which the API said that they are stored.
        delivered: that arrived at least once.
        duplicated: arrivals beyond the first of each event.
        lost: accepted, and never arrived.
        unexpected: arrived, and never sent.
        altered: whose words are not what was sent, or which came again with another body.
        reordered: first arrivals that came after a later event of their camera.
    """

    sent: int
    accepted: int
    delivered: int
    duplicated: int
    lost: int
    unexpected: int
    altered: int
    reordered: int

    @property
    def holds(self) -> bool:
        """Whether all that was accepted arrived, as it was, in order, and nothing else."""
        return (
            self.accepted == self.sent
            and not self.lost + self.unexpected + self.altered + self.reordered
        )


@dataclass(slots=True)
class Book:
    """What is written down while events flow.

    Attributes:
        texts: what each event says, by the sender's identity of it.
        accepted: identities that were acknowledged.
        arrivals: in the order in which the receiver kept them.
    """

    texts: dict[str, str] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    arrivals: list[Arrival] = field(default_factory=list)

    def close(self) -> Ledger:
        """Add up."""
        firsts = dict[str, Arrival]()
        bodies = dict[str, set[str]]()
        latest = dict[str, int]()
        reordered = 0
        for arrival in self.arrivals:
            bodies.setdefault(arrival.event_id, set()).add(arrival.body_sha256)
            if arrival.event_id in firsts:
                continue
            firsts[arrival.event_id] = arrival
            reordered += arrival.sequence <= latest.get(arrival.device_code, 0)
            latest[arrival.device_code] = max(arrival.sequence, latest.get(arrival.device_code, 0))
        arrived = {arrival.origin_id: arrival for arrival in firsts.values()}
        altered = sum(len(seen) > 1 for seen in bodies.values()) + sum(
            arrival.text != self.texts[origin_id]
            for origin_id, arrival in arrived.items()
            if origin_id in self.texts
        )
        return Ledger(
            sent=len(self.texts),
            accepted=len(self.accepted),
            delivered=len(arrived),
            duplicated=len(self.arrivals) - len(firsts),
            lost=len(self.accepted - arrived.keys()),
            # One event under two identities of ours is one too many.
            unexpected=len(arrived.keys() - self.texts.keys()) + len(firsts) - len(arrived),
            altered=altered,
            reordered=reordered,
        )
