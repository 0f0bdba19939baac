"""Whether the kernel's filter can hold all whom nobody answers, at every moment of a scenario."""

from collections import Counter

from sharpeyes.devices.simulator.city.fault import Unanswered
from sharpeyes.devices.simulator.city.packet_filter import MAX_RANGES
from sharpeyes.devices.simulator.city.scenario import ScenarioError
from sharpeyes.devices.simulator.city.timeline import Timeline


def check_unanswered(timeline: Timeline) -> None:
    """See to it that the unanswered are never in too many separate places.

    Raises:
        ScenarioError: they are; the message names the step.
    """
    troubles_of: Counter[int] = Counter()
    stretches = 0
    for change in timeline.changes:
        trouble = timeline.troubles[change.trouble]
        if not isinstance(trouble.fault, Unanswered):
            continue
        for device in change.members:
            was_out = troubles_of[device] > 0
            troubles_of[device] += 1 if change.begins else -1
            is_out = troubles_of[device] > 0
            if is_out != was_out:
                neighbours = (troubles_of[device - 1] > 0) + (troubles_of[device + 1] > 0)
                stretches += (1 if is_out else -1) * (1 - neighbours)
        if stretches > MAX_RANGES:
            raise ScenarioError(
                f'step "{trouble.name}": {stretches} separate stretches of addresses would be'
                f" unanswered at {change.at_s:g} s, and the kernel's filter holds {MAX_RANGES}:"
                " choose whole switches, or another fault (silent, reset) for scattered devices"
            )
