"""An import's tokens are those of the database, whatever the text."""

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sharpeyes.registry.camera import CameraFile, Life, Tier
from sharpeyes.registry.tokens import camera_tokens, district_token, text_tokens

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
FILES = st.builds(
    lambda name, place_name, address, tier, maker, kinds: CameraFile(
        device_code="42010200001320000001",
        name=name,
        place_name=place_name or None,
        address=address or None,
        tier=tier,
        division_code="420102",
        maker=maker,
        place_kinds=tuple(sorted(kinds)),
    ),
    TEXTS,
    TEXTS,
    TEXTS,
    st.sampled_from(Tier),
    st.sampled_from([None, 1, 15, 99]),
    st.sets(st.sampled_from([1, 2, 15, 96, 99])),
)
_SQL = """
SELECT camera_tokens(name, place_name, address, tier, maker, place_kinds, life, path) AS tokens
FROM (SELECT $1::text, $2::text, $3::text, $4::smallint, $5::smallint, $6::smallint[], $7::text,
      $8::text) AS given (name, place_name, address, tier, maker, place_kinds, life, path)
"""


async def test_both_compute_the_same(pool: asyncpg.Pool) -> None:
    """One connection for all examples: hypothesis calls, we await in between."""
    examples: list[tuple[CameraFile, Life, str]] = []

    @settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], database=None)
    @given(FILES, st.sampled_from(Life), st.sampled_from(["420100/", "420100/ZONE1/ZONE1A/"]))
    def collect(file: CameraFile, life: Life, path: str) -> None:
        examples.append((file, life, path))

    collect()
    files = [file for file, _, _ in examples]
    ours = camera_tokens(
        [file.name for file in files],
        [file.place_name for file in files],
        [file.address for file in files],
        [(file.place_kinds, file.maker, file.tier, life, path) for file, life, path in examples],
    )
    for (file, life, path), tokens in zip(examples, ours, strict=True):
        theirs = await pool.fetchval(
            _SQL,
            file.name,
            file.place_name,
            file.address,
            file.tier,
            file.maker,
            list(file.place_kinds),
            life,
            path,
        )
        assert sorted(set(tokens)) == sorted(set(theirs)), (file, life, path)


def test_tokens_of_nothing() -> None:
    assert camera_tokens([], [], [], []) == []
    assert text_tokens("中山中山") == sorted({*text_tokens("中山"), *text_tokens("山中")})
    assert district_token("420100/420102/420102003/") == district_token("420100/420102/")
