"""A sound tower's file, and changes of it that each break something: with what must be said of them, and where."""

from dataclasses import dataclass

BASE = """\
name = "test"
tower_id = 7
profile = "medium"

[ring]
levels = 2
positions = 4
rooms = [101]
omitted = [201]

[bus.tower]
kind = "tcp"
port = 15021
stations = ["tower"]

[bus.bays]
kind = "rtu"
device = "bays.tty"
stations = ["bays1", "bays2"]
"""

Expected = tuple[int, int, str, str, str]
"""Line, column, key, code, and words of the message."""


@dataclass(frozen=True)
class Broken:
    """A change of `BASE` and every fault that it must give, in reading order."""

    what: str
    old: str
    new: str
    faults: list[Expected]

    @property
    def text(self) -> str:
        return BASE.replace(self.old, self.new)


def _above_ring(what: str, text: str, *faults: Expected) -> Broken:
    return Broken(what, "[ring]", f"{text}\n[ring]", list(faults))


def _in_bays(what: str, text: str, *faults: Expected) -> Broken:
    return Broken(what, 'device = "bays.tty"', f'device = "bays.tty"\n{text}', list(faults))


SYNTAX = [
    Broken("no value", "tower_id = 7", "tower_id = ", [(2, 12, "", "syntax", "is not TOML: Invalid value")]),
    Broken("a key twice", "tower_id = 7", 'name = "b"', [(2, 11, "", "syntax", "is not TOML: Cannot overwrite")]),
    Broken("an open array", '["bays1", "bays2"]', '["bays1", "bays2"',
           [(20, 1, "", "syntax", "Unclosed array before the end")]),
    Broken("a table twice", "[bus.bays]", "[bus.tower]", [(16, 11, "", "syntax", "is not TOML: Cannot declare")]),
    Broken("an open text", 'name = "test"', 'name = "test', [(1, 13, "", "syntax", "is not TOML: Illegal character")]),
    Broken("a word for a value", "levels = 2", "levels = two", [(6, 10, "", "syntax", "is not TOML: Invalid value")]),
    Broken("a syntax fault hides all others", "tower_id = 7", "tower_id = 0\nlevles = 2\n= 3",
           [(4, 1, "", "syntax", "is not TOML: Invalid statement")]),
    Broken("an open header", "[ring]", "[ring", [(5, 6, "", "syntax", "is not TOML: Expected ']'")]),
]

KEYS = [
    Broken("a slip", "levels = 2", "levles = 2", [
        (5, 1, "ring.levels", "missing-key", "is missing"),
        (6, 1, "ring.levles", "unknown-key", "did you mean 'levels'?")]),
    Broken("an unknown key", "tower_id = 7", "tower_id = 7\ncolour = 1",
           [(3, 1, "colour", "unknown-key", "unknown key")]),
    _above_ring("an unknown table", "[rinng]", (5, 1, "rinng", "unknown-key", "did you mean 'ring'?")),
    Broken("a key below the wrong header", "levels = 2", "levels = 2\nidle_poll_s = 0.4",
           [(7, 1, "ring.idle_poll_s", "unknown-key", "unknown key here, did you mean 'timing.idle_poll_s'?")]),
    _above_ring("a service interval of nothing", "[machine.service.lift]\ncycles = 0",
                (6, 10, "machine.service.lift.cycles", "out-of-range", "is too small")),
    _above_ring("a service interval without an end", "[machine.service.gate]\ndays = 3651",
                (6, 8, "machine.service.gate.days", "out-of-range", "is too large")),
    _above_ring("an interval of what nobody counts", "[machine.service.drives]\nhours = 4",
                (6, 1, "machine.service.drives.hours", "unknown-key", "unknown key")),
    _above_ring("service intervals outside of the machine", "[service]",
                (5, 1, "service", "unknown-key", "did you mean 'machine.service'?")),
    Broken("a slip in a bus", "port = 15021", "prot = 15021",
           [(13, 1, "bus.tower.prot", "unknown-key", "did you mean 'port'?")]),
    _in_bays("a key of the other kind of bus", 'host = "x"', (19, 1, "bus.bays.host", "unknown-key", "unknown key")),
    Broken("a missing table", "[ring]", "[limits]", [
        (1, 1, "ring", "missing-key", "is missing"),
        (6, 1, "limits.levels", "unknown-key", "did you mean 'ring.levels'?"),
        (7, 1, "limits.positions", "unknown-key", "did you mean 'ring.positions'?"),
        (8, 1, "limits.rooms", "unknown-key", "did you mean 'ring.rooms'?"),
        (9, 1, "limits.omitted", "unknown-key", "did you mean 'ring.omitted'?")]),
    Broken("no name", 'name = "test"\n', "", [(1, 1, "name", "missing-key", "is missing")]),
    Broken("no identity", "tower_id = 7\n", "", [(1, 1, "tower_id", "missing-key", "is missing")]),
    Broken("a device missing", 'device = "bays.tty"\n', "", [(16, 1, "bus.bays.device", "missing-key", "is missing")]),
    Broken("no stations", 'stations = ["tower"]\n', "", [(11, 1, "bus.tower.stations", "missing-key", "is missing")]),
    Broken("no kind", 'kind = "tcp"\n', "", [(11, 1, "bus.tower.kind", "missing-key", "is missing")]),
    _above_ring("a slip in the machine", "[machine.lift]\nspeed_mms = 5",
                (6, 1, "machine.lift.speed_mms", "unknown-key", "did you mean 'speed_mm_s'?")),
    _above_ring("a slip in a dotted key", "[machine]\nlift.sped_mm_s = 5",
                (6, 6, "machine.lift.sped_mm_s", "unknown-key", "did you mean 'speed_mm_s'?")),
    _above_ring("a slip in a quoted key", '[timing]\n"pol_s" = 0.1',
                (6, 1, "timing.pol_s", "unknown-key", "did you mean 'poll_s'?")),
    Broken("measured poses by hand", "[ring]", "[calibration.102]\nheight_mm = 3\n[ring]",
           [(5, 1, "calibration", "calibration-elsewhere", "belong in t.calibration.json")]),
    Broken("no such profile", 'profile = "medium"', 'profile = "meduim"',
           [(3, 11, "profile", "unknown-profile", "did you mean 'medium'?")]),
]

RANGES = [
    Broken("a number in quotes", "levels = 2", 'levels = "2"', [(6, 10, "ring.levels", "wrong-type", "wrong type")]),
    Broken("a boolean for a number", "levels = 2", "levels = true",
           [(6, 10, "ring.levels", "wrong-type", "wrong type")]),
    Broken("a fraction for a count", "levels = 2", "levels = 2.0",
           [(6, 10, "ring.levels", "wrong-type", "wrong type")]),
    Broken("a date for a number", "tower_id = 7", "tower_id = 2026-11-22",
           [(2, 12, "tower_id", "wrong-type", "wrong type")]),
    Broken("a number for a name", 'name = "test"', "name = 3", [(1, 8, "name", "wrong-type", "wrong type")]),
    Broken("too many levels", "levels = 2", "levels = 61", [(6, 10, "ring.levels", "out-of-range", "is too large")]),
    Broken("no level", "levels = 2", "levels =   0", [(6, 12, "ring.levels", "out-of-range", "is too small")]),
    Broken("one position", "positions = 4", "positions = 1",
           [(7, 13, "ring.positions", "out-of-range", "is too small")]),
    Broken("an identity of 0", "tower_id = 7", "tower_id = 0", [(2, 12, "tower_id", "out-of-range", "is too small")]),
    Broken("a port beyond TCP", "port = 15021", "port = 70_000",
           [(13, 8, "bus.tower.port", "out-of-range", "is too large")]),
    Broken("no room", "rooms = [101]", "rooms = []", [(8, 9, "ring.rooms", "wrong-length", "too few entries")]),
    Broken("nine rooms", "rooms = [101]", "rooms = [101, 102, 103, 104, 105, 106, 107, 108, 109]",
           [(8, 9, "ring.rooms", "wrong-length", "too many entries")]),
    Broken("a room by name", "rooms = [101]", 'rooms = [101, "out"]',
           [(8, 15, "ring.rooms[1]", "wrong-type", "wrong type")]),
    Broken("rooms without a list", "rooms = [101]", "rooms = 101", [(8, 9, "ring.rooms", "wrong-type", "wrong type")]),
    Broken("a name with blanks", 'name = "test"', 'name = "my tower"',
           [(1, 8, "name", "wrong-pattern", "is not written as")]),
    _in_bays("an odd baud rate", "baud = 115000", (19, 8, "bus.bays.baud", "unknown-value", "none of the known ones")),
    _in_bays("a parity in full", 'parity = "even"',
             (19, 10, "bus.bays.parity", "unknown-value", "none of the known ones")),
    _in_bays("a patience too long for a poll", "timeout_s = 2.0",
             (19, 13, "bus.bays.timeout_s", "out-of-range", "is too large")),
    Broken("a device without a name", 'device = "bays.tty"', 'device = ""',
           [(18, 10, "bus.bays.device", "wrong-length", "is too short")]),
    Broken("an unknown kind", 'kind = "tcp"', 'kind = "udp"',
           [(12, 8, "bus.tower.kind", "unknown-value", "none of the known kinds")]),
    Broken("six on a line", '["bays1", "bays2"]', '["a", "b", "c", "d", "e", "f"]',
           [(19, 12, "bus.bays.stations", "wrong-length", "too many entries")]),
    _above_ring("endless patience", "[timing]\ncustomer_patience_s = inf",
                (6, 23, "timing.customer_patience_s", "out-of-range", "is not finite")),
    _above_ring("a brake below zero", "[machine]\nlift.brake_s = -0.1",
                (6, 16, "machine.lift.brake_s", "out-of-range", "is too small")),
    _above_ring("an inline table", "machine.lift = { speed_mm_s = 0, brake_s = 9 }",
                (5, 31, "machine.lift.speed_mm_s", "out-of-range", "is too small"),
                (5, 44, "machine.lift.brake_s", "out-of-range", "is too large")),
    Broken("a number for a bus", "[bus.tower]", "[bus]\nmain = 4\n[bus.tower]",
           [(12, 8, "bus.main", "wrong-type", "wrong type")]),
    Broken("a text for a table", "[ring]", 'limits = "EN 14010"\n[ring]',
           [(5, 10, "limits", "wrong-type", "wrong type")]),
]

MEANING = [
    Broken("a room upstairs", "rooms = [101]", "rooms = [101, 202]",
           [(8, 15, "ring.rooms[1]", "room-place", "stands on level 1")]),
    Broken("a room off the ring", "rooms = [101]", "rooms = [\n  101, 105\n]",
           [(9, 8, "ring.rooms[1]", "room-place", "no such position")]),
    Broken("a room at position 0", "rooms = [101]", "rooms = [101, 100]",
           [(8, 15, "ring.rooms[1]", "room-place", "no such position")]),
    Broken("a room twice", "rooms = [101]", "rooms = [101, 101]",
           [(8, 15, "ring.rooms[1]", "room-place", "named twice")]),
    Broken("a room left out", "omitted = [201]", "omitted = [101]",
           [(9, 12, "ring.omitted[0]", "room-omitted", "is a room and")]),
    Broken("leaving out nothing", "omitted = [201]", "omitted = [301]",
           [(9, 12, "ring.omitted[0]", "omitted-place", "no such place")]),
    Broken("leaving out twice", "omitted = [201]", "omitted = [201, 201]",
           [(9, 17, "ring.omitted[1]", "omitted-place", "named twice")]),
    Broken("no bay", "levels = 2\npositions = 4\nrooms = [101]\nomitted = [201]",
           "levels = 1\npositions = 2\nrooms = [101, 102]", [(5, 1, "ring", "bay-count", "no bay")]),
    Broken("a wrong sum", "omitted = [201]", "omitted = [201]\nbays = 7",
           [(10, 8, "ring.bays", "bay-count", "2 x 4 - 1 rooms - 1 left out makes 6 bays")]),
    Broken("a level without a bus", '["bays1", "bays2"]', '["bays1"]',
           [(11, 1, "bus", "station-missing", "no bus carries station bays2")]),
    Broken("levels that the wires forget", "levels = 2", "levels = 5",
           [(11, 1, "bus", "station-missing", "no bus carries stations bays3, bays4, bays5")]),
    Broken("a station too many", '["bays1", "bays2"]', '["bays1", "bays2", "bays3"]',
           [(19, 31, "bus.bays.stations[2]", "station", "did you mean 'bays")]),
    Broken("a station with a slip", '["bays1", "bays2"]', '["bays1", "bayz2"]', [
        (11, 1, "bus", "station-missing", "no bus carries station bays2"),
        (19, 22, "bus.bays.stations[1]", "station", "did you mean 'bays2'?")]),
    Broken("a station twice", 'stations = ["tower"]', 'stations = ["tower", "bays2"]',
           [(19, 22, "bus.bays.stations[1]", "station", "is on bus.tower already")]),
    Broken("a station twice on one bus", '["bays1", "bays2"]', '["bays1", "bays2", "bays1"]',
           [(19, 31, "bus.bays.stations[2]", "station", "is on bus.bays already")]),
    Broken("the tower PLC forgotten", 'stations = ["tower"]\n', 'stations = ["bays1"]\n', [
        (11, 1, "bus", "station-missing", "no bus carries station tower"),
        (19, 13, "bus.bays.stations[0]", "station", "is on bus.tower already")]),
    Broken("the tower PLC on RTU", '["bays1", "bays2"]', '["bays1", "tower"]', [
        (11, 1, "bus", "station-missing", "no bus carries station bays2"),
        (19, 22, "bus.bays.stations[1]", "station", "is on bus.tower already")]),
    Broken("two buses on one device", 'stations = ["bays1", "bays2"]',
           'stations = ["bays1"]\n[bus.more]\nkind = "rtu"\ndevice = "./bays.tty"\nstations = ["bays2"]',
           [(22, 10, "bus.more.device", "bus-address", "bus.bays leads there already")]),
    Broken("two buses on one port", '[bus.bays]\nkind = "rtu"\ndevice = "bays.tty"',
           '[bus.bays]\nkind = "tcp"\nhost = "LocalHost"\nport = 15021',
           [(19, 8, "bus.bays.port", "bus-address", "bus.tower leads there already")]),
    Broken("a port in the host", "port = 15021", 'port = 15021\nhost = "10.0.0.5:502"',
           [(14, 8, "bus.tower.host", "bus-host", "neither a host's name nor an address")]),
    Broken("certificates, and nothing secured", "port = 15021", 'port = 15021\nkey = "me.key"',
           [(11, 1, "bus.tower.security", "tls-unused", "names certificates but is not secured")]),
    Broken("a secured bus without its key", "port = 15021",
           'port = 502\nsecurity = "tls"\nca = "ca.pem"\ncertificate = "me.pem"',
           [(11, 1, "bus.tower.key", "tls-files", "needs this file"),
            (13, 8, "bus.tower.port", "tls-port", "the port of open Modbus TCP")]),
    _in_bays("a line too slow", "baud = 9600", (19, 8, "bus.bays.baud", "line-load", "131% of the line")),
    _in_bays("a slow answer on a slow line", "baud = 9600\nturnaround_s = 0.1",
             (16, 1, "bus.bays.timeout_s", "answer-time", "the longest answer takes"),
             (19, 8, "bus.bays.baud", "line-load", "of the line")),
    _above_ring("polling slower at work", "[timing]\npoll_s = 0.4\nidle_poll_s = 0.2",
                (6, 10, "timing.poll_s", "poll-order", "slower at work than idle")),
    _above_ring("idling faster than at work", "[timing]\nidle_poll_s = 0.05",
                (6, 15, "timing.idle_poll_s", "poll-order", "faster idle than at work")),
    _above_ring("polls too slow for the silence", "[timing]\nidle_poll_s = 1.0",
                (6, 15, "timing.idle_poll_s", "silence", "after machine.plc.silence_s = 1.5")),
    _above_ring("a ramp steeper than the profile's stop", "[machine.lift]\nacceleration_mm_s2 = 5000",
                (6, 22, "machine.lift.acceleration_mm_s2", "stop-ramp", "machine.lift.stop_mm_s2 = 1000")),
    _above_ring("silence too short", "[machine.plc]\nsilence_s = 1.0",
                (6, 13, "machine.plc.silence_s", "silence", "would already stop the machine")),
    _above_ring("a gentle stop", "[machine.lift]\nstop_mm_s2 = 100",
                (6, 14, "machine.lift.stop_mm_s2", "stop-ramp", "no gentler than work")),
    _above_ring("a gentle stop of the turntable", "[machine.turntable]\nstop_mdeg_s2 = 100",
                (6, 16, "machine.turntable.stop_mdeg_s2", "stop-ramp", "no gentler than work")),
    Broken("levels too close", "levels = 2", "levels = 2\nlevel_pitch_mm = 2000",
           [(7, 18, "ring.level_pitch_mm", "car-height", "does not fit between levels")]),
    _above_ring("a car too tall", "[limits]\nheight_mm = 2500",
                (6, 13, "limits.height_mm", "car-height", "does not fit between levels of ring.level_pitch_mm = 2500")),
    Broken("a tolerance as wide as a level", "levels = 2",
           "levels = 2\nlevel_pitch_mm = 150\nheight_tolerance_mm = 100", [
               (7, 18, "ring.level_pitch_mm", "car-height", "does not fit between levels"),
               (8, 23, "ring.height_tolerance_mm", "levels-apart", "level 1 and 2 are 150 mm apart")]),
    Broken("a hoistway too tall", "levels = 2", "levels = 3\nlevel_pitch_mm = 150_000", [
        (7, 18, "ring.level_pitch_mm", "hoistway-height", "300000 mm"),
        (12, 1, "bus", "station-missing", "no bus carries station bays3")]),
    Broken("positions that cannot be told apart", "positions = 4", "positions = 60\nangle_tolerance_mdeg = 3000",
           [(8, 24, "ring.angle_tolerance_mdeg", "positions-apart", "are 6000 mdeg apart")]),
    _above_ring("a level out of reach", "[hoistway]\nhighest_mm = 2400",
                (6, 14, "hoistway.highest_mm", "place-reach", "does not reach place 202 at 2500")),
    _above_ring("the reference mark out of reach", "[hoistway]\nlowest_mm = 20",
                (6, 13, "hoistway.lowest_mm", "place-reach", "does not reach its reference mark at 0")),
    _above_ring("a working limit beyond its switch", "[hoistway]\nhigh_end_mm = 2500",
                (6, 15, "hoistway.high_end_mm", "travel-limits", "limit 2500 lies beyond this switch")),
    _above_ring("a low switch inside the travel", "[hoistway]\nlow_end_mm = 10",
                (6, 14, "hoistway.low_end_mm", "travel-limits", "limit 0 lies beyond this switch")),
    _above_ring("limits upside down", "[hoistway]\nlowest_mm = -100\nhighest_mm = -200",
                (7, 14, "hoistway.highest_mm", "travel-limits", "below the other working limit, -100")),
]

SEVERAL = [
    Broken("keys, six at once", "[ring]", "[ring]\n[bus.x]\nkind = 3\n[bus.y]\n[other]\n", [
        (5, 1, "ring.levels", "missing-key", "is missing"),
        (5, 1, "ring.positions", "missing-key", "is missing"),
        (5, 1, "ring.rooms", "missing-key", "is missing"),
        (7, 8, "bus.x.kind", "unknown-value", "none of the known kinds"),
        (8, 1, "bus.y.kind", "missing-key", "is missing"),
        (9, 1, "other", "unknown-key", "unknown key")]),
    Broken("a key, a range, a profile, a room and a poll at once", 'profile = "medium"\n',
           'profile = "fasst"\ncolour = 1\nlimits.weight_kg = 0\ntiming = { poll_s = 0.6 }\n', [
               (3, 11, "profile", "unknown-profile", "did you mean 'fast'?"),
               (4, 1, "colour", "unknown-key", "unknown key"),
               (5, 20, "limits.weight_kg", "out-of-range", "is too small"),
               (6, 21, "timing.poll_s", "poll-order", "slower at work than idle")]),
    Broken("a bad bus hides no other", 'kind = "tcp"\nport = 15021\nstations = ["tower"]',
           'kind = "tcp"\nport = 0\nstations = ["tower"]\n[bus.x]\nkind = "rtu"\ndevice = "bays.tty"\n'
           'stations = ["bays7"]', [
               (13, 8, "bus.tower.port", "out-of-range", "is too small"),
               (18, 13, "bus.x.stations[0]", "station", "no such station"),
               (22, 10, "bus.bays.device", "bus-address", "bus.x leads there already")]),
    Broken("rooms and wires at once", "rooms = [101]\nomitted = [201]", "rooms = [101, 109]\nomitted = [909]", [
        (8, 15, "ring.rooms[1]", "room-place", "no such position"),
        (9, 12, "ring.omitted[0]", "omitted-place", "no such place")]),
]

BROKEN = [*SYNTAX, *KEYS, *RANGES, *MEANING, *SEVERAL]
