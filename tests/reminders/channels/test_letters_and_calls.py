"""Letters in a folder and calls for people: once, however often they are handed over or killed in between."""

from __future__ import annotations

from pathlib import Path

import pytest
from messages import CALL, CONTACT, LETTER, SHORT, outgoing
from reminder_world import World, contacts, query

from cartera.errors import SendError
from cartera.reminders import plan_reminders
from cartera.reminders.channels.calls import CallChannel
from cartera.reminders.channels.letters import LetterChannel
from cartera.reminders.content import Letter


class Killed(BaseException):
    """Like kill -9: nobody catches it."""


def printed(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*/*.pdf") if not path.parent.name.startswith(".")]


def test_a_letter_is_laid_out_once(tmp_path: Path) -> None:
    channel, message = LetterChannel(tmp_path), outgoing(LETTER)
    assert channel.look_up(message.key) is False
    assert [channel.send(message).result for _ in range(3)] == ["sent"] * 3
    (path,) = printed(tmp_path)
    assert path.read_bytes() == LETTER.pdf and path.name == f"3f0b5a52-{CONTACT}.pdf"
    assert channel.look_up(message.key) is True
    path.unlink()  # the printer took it
    assert channel.send(message).result == "sent" and printed(tmp_path) == []


@pytest.mark.parametrize("write", [1, 2, 3])
def test_a_letter_killed_at_any_write_is_laid_out_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: int
) -> None:
    from cartera.reminders.channels import letters

    whole, count = letters.write_whole, 0

    def killed(path: Path, content: bytes) -> None:
        nonlocal count
        count += 1
        if count == write:
            path.with_suffix(".half.part").write_bytes(content[:3])
            raise Killed
        whole(path, content)

    message = outgoing(LETTER)
    monkeypatch.setattr(letters, "write_whole", killed)
    with pytest.raises(Killed):
        LetterChannel(tmp_path).send(message)
    assert LetterChannel(tmp_path).look_up(message.key) is (write == 3)
    monkeypatch.setattr(letters, "write_whole", whole)
    assert LetterChannel(tmp_path).send(message).result == "sent"
    (path,) = printed(tmp_path)
    assert path.read_bytes() == LETTER.pdf


def test_a_letter_in_test_mode_is_not_where_the_printer_looks(tmp_path: Path) -> None:
    channel = LetterChannel(tmp_path / "real", str(tmp_path / "tries"))
    channel.send(outgoing(LETTER))
    assert printed(tmp_path / "real") == [] and len(printed(tmp_path / "tries")) == 1 and not channel.is_real


def test_what_is_no_letter_is_refused_and_a_full_disk_stops(tmp_path: Path) -> None:
    assert LetterChannel(tmp_path).send(outgoing(SHORT)).result == "refused"
    assert LetterChannel(tmp_path).send(outgoing(Letter(b"<html>", ()))).result == "refused"
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(SendError, match="letters"):
        LetterChannel(tmp_path / "file").send(outgoing(LETTER))


def test_a_call_is_one_task(world: World) -> None:
    world.owes("ana", due=-10)
    world.publish()
    plan_reminders()
    (contact,) = contacts()
    channel, message = CallChannel(), outgoing(CALL, contact=contact["id"])
    assert channel.look_up(message.key) is False
    assert [channel.send(message).result for _ in range(2)] == ["sent", "sent"]
    assert channel.look_up(message.key) is True and channel.look_up("nonsense") is None
    (task,) = query("select contact_id::text as id, phone, summary, script, assigned_to, done_at from ops.call_tasks")
    assert task == {
        "id": contact["id"], "phone": message.recipient, "summary": CALL.summary, "script": CALL.script,
        "assigned_to": None, "done_at": None,
    }  # fmt: skip
