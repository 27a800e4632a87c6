"""The images through their registers and back, and how an image is made from the one before."""

import random
from dataclasses import replace

import pytest

from hal.plcmap import codes
from hal.plcmap.codec import Image, StationCodec, Status, TornImage
from hal.plcmap.registers import MAX_READ, StationMap, bay_map, tower_map
from hal.plcmap.shape import PlacePose, TowerShape, place_number

ROOMS = tuple(place_number(1, position) for position in range(1, 9))
WIDE = TowerShape(
    tower_id=7,
    levels=1,
    positions=20,
    rooms=ROOMS,
    poses={place_number(1, position): PlacePose(0, 18_000 * (position - 1)) for position in range(1, 21)},
    height_tolerance_mm=5,
    angle_tolerance_mdeg=50,
)
MAPS = (tower_map(WIDE), bay_map(WIDE, 1))

SEEDS = range(25)


def any_status(rng: random.Random, *, is_axis: bool) -> Status:
    state, substep, result, reason = (rng.randrange(0x100) for _ in range(4))
    accepted, check, executing, sequence = (rng.randrange(0x10000) for _ in range(4))
    flags = codes.Flag(rng.randint(0, sum(codes.Flag)))
    position = rng.randint(-(1 << 31), (1 << 31) - 1) if is_axis else 0
    return Status(state, substep, accepted, check, executing, sequence, result, reason, flags, position)


def any_image(rng: random.Random, station: StationMap) -> Image:
    tower = station.kind is codes.StationKind.TOWER
    return Image(
        boot_id=rng.randrange(0x10000),
        heartbeat=rng.randrange(0x10000),
        epoch_in_force=rng.randrange(1 << 32),
        owner_in_force=rng.randrange(0x10000),
        safety=codes.Safety(rng.randint(0, sum(codes.Safety))),
        status=codes.Status(rng.randint(0, sum(codes.Status))),
        mechanisms={each.name: any_status(rng, is_axis=each.is_axis) for each in station.mechanisms},
        carriage=codes.Carriage(rng.randint(0, sum(codes.Carriage)) if tower else 0),
        rooms={place: codes.Room(rng.randrange(0x10000)) for place in station.places if tower},
        inputs=codes.BayStation(0 if tower else rng.randrange(2)),
        bays={place: codes.Bay(rng.randint(0, sum(codes.Bay))) for place in station.places if not tower},
    )


@pytest.mark.parametrize("station", MAPS, ids=lambda station: station.name)
def test_no_block_is_larger_than_one_read(station: StationMap) -> None:
    assert max(block.count for block in station.blocks) <= MAX_READ


@pytest.mark.parametrize("station", MAPS, ids=lambda station: station.name)
@pytest.mark.parametrize("seed", SEEDS)
def test_an_image_read_after_others_equals_what_was_shown(station: StationMap, seed: int) -> None:
    rng, codec = random.Random(seed), StationCodec(station)
    read: list[tuple[Image, Image]] = []
    for _ in range(4):
        image = any_image(rng, station)
        if read:
            kept = {name: shown for name, shown in read[-1][1].mechanisms.items() if rng.random() < 0.5}
            image = replace(image, mechanisms={**image.mechanisms, **kept})
        read.append((codec.decode_fast(codec.encode_fast(image, 5)), image))
    # Each at its end as it was when it was read: no later reading changes it.
    assert all(seen == shown for seen, shown in read)


@pytest.mark.parametrize("station", MAPS, ids=lambda station: station.name)
def test_what_reads_as_before_is_the_same_object(station: StationMap) -> None:
    codec, image = StationCodec(station), any_image(random.Random(1), station)
    first = codec.decode_fast(codec.encode_fast(image, 1))
    later = codec.decode_fast(codec.encode_fast(replace(image, heartbeat=image.heartbeat ^ 1), 1))
    assert later.mechanisms is first.mechanisms
    assert later.heartbeat == image.heartbeat ^ 1
    name = station.mechanisms[-1].name
    moved = {**image.mechanisms, name: replace(image.mechanisms[name], accepted=image.mechanisms[name].accepted ^ 1)}
    changed = codec.decode_fast(codec.encode_fast(replace(image, mechanisms=moved), 2))
    assert {each for each in moved if changed.mechanisms[each] is not first.mechanisms[each]} == {name}


def test_a_torn_block_and_blocks_of_two_boots_are_told_and_leave_no_trace() -> None:
    station = MAPS[0]
    codec, image = StationCodec(station), any_image(random.Random(2), station)
    good = codec.encode_fast(image, 9)
    assert len(good) > 1
    torn = [list(words) for words in good]
    torn[-1][-1] = 10
    with pytest.raises(TornImage, match="snapshot 9"):
        codec.decode_fast(torn)
    restarted = [list(words) for words in good]
    restarted[-1][0] ^= 1
    with pytest.raises(TornImage, match="boots"):
        codec.decode_fast(restarted)
    assert codec.decode_fast(good) == image
