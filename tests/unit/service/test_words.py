"""What health says of cameras and incidents has its Chinese words."""

import pytest

from sharpeyes.service.words import evidence_in, word

PLACE = "10.0.0.7:554"
SAID = (
    f"{PLACE} did not accept a connection within 5 s (3 tries in 20 s)",
    f"{PLACE} did not answer DESCRIBE within 5 s",
    f"{PLACE} began an answer to DESCRIBE and did not end it within 5 s (3 tries in 40 s)",
    f"{PLACE} closed the connection in the middle of its answer to OPTIONS",
    f"{PLACE} closed the connection without an answer to OPTIONS",
    f"{PLACE} takes 2500 ms to describe its stream",
    f"{PLACE} describes a stream without video",
    f"{PLACE} offers no video",
    f"{PLACE} no longer says what time it has, so its clock is not judged",
    f"the clock of {PLACE} is 8.0 h ahead of ours",
    f"the clock of {PLACE} is 12 s behind ours, its local time given as UTC apart",
    "the picture has not changed for 15 min, on-screen clock apart",
    (
        "it comes and goes: 5 changes among the last 21 results of the check reach; last fault: "
        f"{PLACE} does not react to connection attempts (3 tries in 20 s)"
    ),
    "3 good results in a row of the check reach since it was restored",
    (
        "12 of 200 cameras of subnet 10.0.3.0/24 stopped answering at about the same time; 0 of 5 "
        "of them that were tried take a connection"
    ),
    (
        "12 of 200 cameras of network metro 7 stopped answering at about the same time; 0 of 5 of "
        "them that were tried take a connection; 88% of some others do not answer any more either"
    ),
    (
        "12 of 200 cameras of network metro-7 stopped answering at about the same time; "
        "10.7.0.1:22 does not answer"
    ),
    "5 of 5 of them that were tried take a connection",
    "none of its cameras is away any more",
    "10.7.0.1:22 answers",
    "40 of 200 cameras answer again",
    "100 of 200 cameras still do not answer",
    "195 of 200 cameras are back; 5 stayed down and have incidents of their own",
    "red: to be mended by 2026-11-30 00:35:56 UTC",
    "nobody has worked on it since 2026-11-30 00:35:56 UTC",
)


@pytest.mark.parametrize("said", SAID, ids=lambda said: said[:50])
def test_what_was_seen_has_chinese_words(said: str) -> None:
    told = evidence_in("zh", said)
    assert told != said
    # Every figure and every place is still told, and no sentence is left as it was.
    assert "$" not in told
    assert not {"cameras", "the", "of", "that"} & set(told.split())
    assert evidence_in("en", said) == said


def test_what_is_not_known_stays_as_it_is() -> None:
    assert evidence_in("zh", "quite another thing") == "quite another thing"
    assert (word("cause", "network", "zh"), word("cause", "?", "zh")) == ("网络不通", "?")
