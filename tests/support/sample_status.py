"""A status as the daemon tells it, of a small tower: two levels of four positions, one room."""

from typing import Any


def sample_status() -> dict[str, Any]:
    places = {
        str(number): {"place": number, "status": "free", "car": None, "reason": "", "job": None}
        for number in (101, 102, 103, 104, 202, 203, 204)
    }
    places["102"] |= {"status": "occupied", "car": "C1"}
    places["203"] |= {"status": "free", "job": 7}
    places["204"] |= {"status": "unverified", "car": "C2", "reason": "stated C2, sensors show nothing"}
    return {
        "tower": {
            "name": "small",
            "title": "Small, 6 bays and 1 transfer room",
            "profile": "medium",
            "levels": 2,
            "positions": 4,
            "rooms": [101],
            "bays": 6,
            "heights_mm": [0, 2500],
        },
        "unit": {"state": "EXECUTE", "mode": "PRODUCTION", "reason": "", "since": 65.0},
        "restrictions": [],
        "safety": {"closed": True, "causes": []},
        "stations": [
            {"name": "tower", "state": "ONLINE", "detail": ""},
            {"name": "bays1", "state": "OFFLINE", "detail": "no answer"},
        ],
        "carriage": {
            "height_mm": 2400,
            "angle_mdeg": 90_000,
            "place": None,
            "load": "LOADED",
            "car": "C9",
            "shuttle_mm": 0,
        },
        "rooms": [
            {
                "place": 101,
                "number": 1,
                "state": "RESERVED",
                "car": None,
                "job": 7,
                "door": "CLOSED",
                "gate": "CLOSED",
                "person": False,
                "fault": "",
            }
        ],
        "places": places,
        "job": {
            "id": 7,
            "kind": "STORE",
            "car": "C9",
            "source": 101,
            "target": 203,
            "room": 101,
            "state": "POSITIONING_TO",
            "step_progress": 0.5,
            "eta_s": 12.3,
            "ahead": False,
            "stands_s": 0.0,
            "by": "1000:eve",
            "started_s_ago": 4.0,
            "reason": "",
        },
        "queue": [
            {
                "id": 8,
                "kind": "RETRIEVE",
                "car": "C1",
                "state": "QUEUED",
                "room": 101,
                "position": 1,
                "by": "1000:eve",
                "reason": "",
                "choices": [],
            }
        ],
        "audit": {"visiting": None, "due": 6},
        "counts": {"bays": 6, "free": 4, "occupied": 1, "unverified": 1, "blocked": 0},
        "alarms": [{"code": "STATION_OFFLINE", "text": "bays1: no answer"}],
        "now": "2026-01-01T12:00:00+00:00",
    }
