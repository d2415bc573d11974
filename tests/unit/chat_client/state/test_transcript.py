"""The transcript: order, versions, offsets, snapshots; pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from conduit_widget.chat_client.state import transcript as transcript_module
from conduit_widget.chat_client.state.changes import (
    Change,
    HistoryChange,
    MessageChange,
    ParticipantsChange,
    ResetChange,
    StreamEndChange,
    TokenChange,
    TypingChange,
)
from conduit_widget.chat_client.state.messages import UNSTORED
from conduit_widget.chat_client.state.transcript import Transcript
from conduit_widget.nesting import MAX_DEPTH
from conduit_widget.types import (
    ConversationLimits,
    HistoryPage,
    JoinResult,
    LogEvent,
    OpenStream,
    Participant,
    ResumeResult,
    Segment,
)

LIMITS = ConversationLimits(max_message_bytes=1, max_history_page=1, invocations_per_second=1)
EMOJI = "a\N{GRINNING FACE}\N{FAMILY}b"


def message(
    id_: str, seq: int | None, content: str = "text", role: str = "user", **more: Any
) -> dict[str, Any]:
    """A wire message; keyword arguments go to its metadata."""
    metadata = {"conversationId": "c", **({} if seq is None else {"seq": seq}), **more}
    return {"id": id_, "role": role, "content": content, "metadata": metadata}


def answer(seq: int = 2, content: str = "", status: str = "streaming", **more: Any) -> dict[str, Any]:
    """The wire message of an assistant's answer `a`."""
    return message("a", seq, content, "assistant", status=status, **more)


def participant(user_id: str, *, typing: bool = False) -> Participant:
    """Somebody."""
    return Participant(user_id=user_id, user_name=user_id, initials="X", color="#000", typing=typing)


def join(*messages: dict[str, Any], seq: int = 0, **more: Any) -> JoinResult:
    """A snapshot."""
    fields: dict[str, Any] = {"participants": [], "streams": [], **more}
    return JoinResult(
        conversation_id="c", epoch="e1", seq=seq, messages=list(messages), limits=LIMITS, **fields
    )


def joined(*messages: dict[str, Any], seq: int = 0, **more: Any) -> Transcript:
    """A transcript after a join."""
    transcript = Transcript("c", "me")
    transcript.apply_join(join(*messages, seq=seq, **more))
    return transcript


def receive(transcript: Transcript, payload: dict[str, Any]) -> list[Change]:
    """Apply a ReceiveMessage."""
    return transcript.apply_event("ReceiveMessage", [payload])


def update(transcript: Transcript, payload: dict[str, Any]) -> list[Change]:
    """Apply a MessageUpdated."""
    return transcript.apply_event("MessageUpdated", [payload])


def token(transcript: Transcript, text: str, offset: int | None, **more: Any) -> list[Change]:
    """Apply a StreamToken of answer `a`."""
    metadata = {"messageId": "a", "seq": 2, "index": 0, "count": 1, **more}
    if offset is not None:
        metadata["offset"] = offset
    return transcript.apply_event("StreamToken", ["c", text, metadata])


def ids(transcript: Transcript) -> list[str]:
    """Ids in order."""
    return [each.id for each in transcript.messages]


def test_messages_stand_in_log_order_when_a_snapshot_and_events_meet() -> None:
    """A join replaces everything; events continue after it."""
    transcript = joined(message("m1", 1), seq=1)
    changes = receive(transcript, message("m2", 2))
    assert ids(transcript) == ["m1", "m2"]
    assert [type(change) for change in changes] == [MessageChange]
    assert transcript.seq == 2
    assert transcript.apply_join(join(message("n1", 7), seq=7)) == [ResetChange()]
    assert ids(transcript) == ["n1"]


def test_event_changes_nothing_when_it_is_already_known() -> None:
    """Duplicates (snapshot and live, resume and live) are applied once."""
    transcript = joined(message("m1", 1), seq=1)
    receive(transcript, message("m2", 2))
    assert receive(transcript, message("m1", 1)) == []
    assert receive(transcript, message("m2", 2)) == []
    assert ids(transcript) == ["m1", "m2"]


def test_older_version_does_not_replace_a_newer_one_when_it_arrives_late() -> None:
    """A buffered first version must not undo the snapshot's final one."""
    final = answer(2, "done", "complete", eventSeq=3)
    transcript = joined(message("q", 1), final, seq=3)
    assert receive(transcript, answer(2)) == []
    assert transcript.messages[1].text == "done"


def test_hole_in_the_log_asks_for_resync_and_changes_nothing() -> None:
    """An event whose predecessor is missing is not applied: resuming from the last position brings both."""
    transcript = joined(message("m1", 1), seq=1)
    assert receive(transcript, message("m3", 3)) == []
    assert transcript.needs_resync
    assert transcript.seq == 1
    events = [LogEvent(seq=n, target="ReceiveMessage", arguments=[message(f"m{n}", n)]) for n in (2, 3)]
    transcript.apply_resume(ResumeResult(recovered=True, seq=3, events=events))
    assert ids(transcript) == ["m1", "m2", "m3"]
    assert not transcript.needs_resync


def test_update_keeps_its_place_when_it_has_a_later_log_position() -> None:
    """An edit or a final text stays where the message was."""
    transcript = joined(message("q", 1), seq=1)
    receive(transcript, answer(2))
    receive(transcript, message("later", 3))
    update(transcript, answer(2, "final", "complete", eventSeq=4))
    assert ids(transcript) == ["q", "a", "later"]
    assert transcript.seq == 4


def test_update_without_a_seq_keeps_the_place_it_had() -> None:
    """A hub that names no position in an update does not throw the message to the end."""
    transcript = Transcript("c")
    receive(transcript, message("m1", 1))
    receive(transcript, message("m2", 2))
    update(transcript, message("m1", None, "edited"))
    assert ids(transcript) == ["m1", "m2"]
    assert transcript.messages[0].text == "edited"


def test_tokens_grow_the_text_by_code_points_when_some_lie_outside_the_bmp() -> None:
    """Offsets count code points, so an emoji is one."""
    transcript = joined(message("q", 1), seq=1)
    receive(transcript, answer(2))
    token(transcript, EMOJI, 0)
    changes = token(transcript, "!", len(EMOJI))
    assert changes == [TokenChange(id="a", offset=4, text="!")]
    assert transcript.streams["a"].text == EMOJI + "!"


def test_overlapping_delta_adds_only_what_is_new() -> None:
    """A delta that begins in known text is cut; one that lies within it changes nothing."""
    transcript = joined(message("q", 1), seq=1)
    receive(transcript, answer(2))
    token(transcript, "Hello", 0)
    assert token(transcript, "lo world", 3) == [TokenChange(id="a", offset=5, text=" world")]
    assert token(transcript, "ell", 1) == []
    assert transcript.streams["a"].text == "Hello world"


def test_merged_delta_after_a_pause_goes_on_where_the_text_stopped() -> None:
    """What the hub held comes as one delta of many tokens, at the end with ``done``, then the final text."""
    transcript = joined(message("q", 1), seq=1)
    receive(transcript, answer(2))
    token(transcript, "one ", 0)
    [change] = token(transcript, "two three 👋 ", 4, index=1, count=3)
    assert isinstance(change, TokenChange)
    assert (change.offset, change.text) == (4, "two three 👋 ")
    assert token(transcript, "four", 16, index=4)[0] == TokenChange(id="a", offset=16, text="four")
    changes = token(transcript, " five six", 20, index=5, count=2, done=True, finishReason="stop")
    assert [type(change) for change in changes] == [TokenChange, StreamEndChange, MessageChange]
    assert not transcript.needs_resync
    text = "one two three 👋 four five six"
    assert transcript.messages[1].text == text
    update(transcript, answer(2, text, "complete", eventSeq=3))
    assert transcript.messages[1].text == text


def test_merged_delta_that_overlaps_a_newer_snapshot_adds_only_the_rest() -> None:
    """Who paused, joined again and then resumes has every character once."""
    stream = OpenStream(message_id="a", seq=2, text="one two ", index=2)
    transcript = joined(message("q", 1), answer(2), seq=2, streams=[stream])
    [change] = token(transcript, "two three", 4, index=1, count=2)
    assert isinstance(change, TokenChange)
    assert (change.offset, change.text) == (8, "three")


def test_hole_in_the_text_asks_for_resync_and_keeps_the_text() -> None:
    """Text is never glued over a hole."""
    transcript = joined(message("q", 1), seq=1)
    receive(transcript, answer(2))
    token(transcript, "Hello", 0)
    assert token(transcript, "world", 6) == []
    assert transcript.needs_resync
    assert transcript.streams["a"].text == "Hello"
    resumed = ResumeResult(
        recovered=True, seq=2, streams=[OpenStream(message_id="a", seq=2, text="Hello world", index=2)]
    )
    assert transcript.apply_resume(resumed) == [TokenChange(id="a", offset=5, text=" world")]
    assert not transcript.needs_resync


def test_late_joiner_gets_the_text_so_far_and_goes_on() -> None:
    """A snapshot's open stream continues with live deltas, overlap skipped."""
    stream = OpenStream(message_id="a", seq=2, text="So far", index=3, model="m")
    transcript = joined(message("q", 1), answer(2), seq=2, streams=[stream])
    assert transcript.streams["a"].text == "So far"
    token(transcript, "far, so good", 3)
    assert transcript.streams["a"].text == "So far, so good"


def test_answer_gets_its_model_s_name_with_the_first_delta_that_tells() -> None:
    """The hub's placeholder does not know who will write; the view is told once, and the text still grows."""
    transcript = joined(message("q", 1), seq=1)
    receive(transcript, answer(2))
    changes = token(transcript, "4", 0, model="m", provider="p")
    assert [type(change) for change in changes] == [MessageChange, TokenChange]
    assert transcript.messages[1].metadata["model"] == "m"
    assert [type(change) for change in token(transcript, "2", 1, model="m")] == [TokenChange]
    assert transcript.streams["a"].text == "42"


def test_another_provider_that_goes_on_is_told_with_what_the_first_has_written() -> None:
    """The view draws the seam at once; the hub's own segments come with the end."""
    transcript = joined(message("q", 1), seq=1)
    receive(transcript, answer(2))
    token(transcript, "One ", 0, model="m", provider="a")
    changes = token(transcript, "two", 4, model="n", provider="b")
    assert [type(change) for change in changes] == [MessageChange, TokenChange]
    metadata = transcript.messages[1].metadata
    assert (metadata["provider"], metadata["model"]) == ("b", "n")
    assert [(each["provider"], each["from"], each["to"]) for each in metadata["segments"]] == [("a", 0, 4)]
    assert [type(change) for change in token(transcript, ".", 7, provider="b")] == [TokenChange]


def test_late_joiner_sees_the_seams_too() -> None:
    """The snapshot of an open answer names the parts of providers that have failed."""
    failed = Segment(provider="a", model="m", start=0, end=4, outcome="failed", reason="network_error")
    stream = OpenStream(
        message_id="a", seq=2, text="One two", index=2, model="n", provider="b", segments=[failed]
    )
    transcript = joined(message("q", 1), answer(2), seq=2, streams=[stream])
    assert transcript.messages[1].metadata["segments"] == [failed.to_wire()]
    assert transcript.messages[1].metadata["provider"] == "b"


def test_answer_ends_once_when_done_and_final_text_both_come() -> None:
    """The last delta ends the stream and keeps its text until the hub's final version replaces it."""
    transcript = joined(message("q", 1), seq=1)
    receive(transcript, answer(2))
    token(transcript, "4", 0)
    changes = token(transcript, "2", 1, done=True, finishReason="stop")
    assert [type(change) for change in changes] == [TokenChange, StreamEndChange, MessageChange]
    assert transcript.streams == {}
    assert transcript.messages[1].text == "42"
    changes = update(transcript, answer(2, "42", "complete", eventSeq=3))
    assert [type(change) for change in changes] == [MessageChange]
    assert token(transcript, "late", 2) == []


def test_final_text_ends_the_stream_when_the_last_delta_was_lost() -> None:
    """An update with a final status closes the stream by itself."""
    transcript = joined(message("q", 1), seq=1)
    receive(transcript, answer(2))
    token(transcript, "4", 0)
    changes = update(transcript, answer(2, "42", "complete", eventSeq=3))
    assert [type(change) for change in changes] == [StreamEndChange, MessageChange]
    assert transcript.streams == {}


def test_not_recovered_resume_replaces_everything() -> None:
    """The hub's fresh snapshot stands, whatever was here before."""
    transcript = joined(message("old", 1), answer(2), seq=2)
    token(transcript, "x", 0)
    resumed = ResumeResult(recovered=False, join=join(message("new", 9), seq=9))
    assert transcript.apply_resume(resumed) == [ResetChange()]
    assert (ids(transcript), transcript.seq, transcript.streams) == (["new"], 9, {})


def test_history_stands_before_everything_and_is_not_doubled() -> None:
    """Older pages go to the front; what is known already stays once."""
    transcript = joined(message("m3", 3), seq=3, has_more=True)
    changes = transcript.apply_history(
        HistoryPage(messages=[message("m1", 1), message("m2", 2), message("m3", 3)], has_more=False)
    )
    assert ids(transcript) == ["m1", "m2", "m3"]
    assert isinstance(changes[0], HistoryChange)
    assert [each.id for each in changes[0].messages] == ["m1", "m2", "m3"]
    assert not transcript.has_more


def test_answer_older_than_the_snapshot_takes_its_place_with_the_page_that_has_it() -> None:
    """Until then only its text is known, and it stands at the end; the page tells where it belongs."""
    stream = OpenStream(message_id="a", seq=2, text="So far", index=3, model="m")
    transcript = joined(message("m3", 3), seq=3, streams=[stream], has_more=True)
    assert ids(transcript) == ["m3", "a"]
    changes = transcript.apply_history(HistoryPage(messages=[message("m1", 1), answer(2)], has_more=False))
    assert ids(transcript) == ["m1", "a", "m3"]
    assert isinstance(changes[0], HistoryChange)
    assert [each.metadata["seq"] for each in changes[0].messages] == [1, 2]
    assert transcript.streams["a"].text == "So far"
    token(transcript, ", so good", 6)
    assert transcript.streams["a"].text == "So far, so good"


@pytest.mark.parametrize("revision", ["editedAt", "deletedAt", "reactions"])
def test_revision_of_a_message_that_was_not_loaded_leaves_no_hole(revision: str) -> None:
    """It is left to its page: older messages are asked for from the oldest one known on, downwards."""
    transcript = joined(message("m8", 8), seq=9, has_more=True)
    revised = message("m2", 2, "new", eventSeq=10)
    revised["metadata"][revision] = {}
    assert transcript.apply_event("MessageUpdated", [revised]) == []
    assert (ids(transcript), transcript.oldest_seq, transcript.seq) == (["m8"], 8, 10)
    transcript.apply_history(HistoryPage(messages=[revised, message("m7", 7)], has_more=False))
    assert ids(transcript) == ["m2", "m7", "m8"]


def test_page_another_view_had_loaded_is_told_again_as_it_is_known_here() -> None:
    """Every view gets the page it asked for; the newer version wins; older messages stay known as there."""
    transcript = joined(message("m1", 1), message("m2", 2, "edited", eventSeq=4), message("m3", 3), seq=4)
    page = HistoryPage(messages=[message("m2", 2, "first")], has_more=True)
    changes = transcript.apply_history(page)
    assert isinstance(changes[0], HistoryChange)
    assert ([each.text for each in changes[0].messages], changes[0].has_more) == (["edited"], True)
    assert ids(transcript) == ["m1", "m2", "m3"]
    assert not transcript.has_more


def test_oldest_messages_are_let_go_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """The transcript is bounded; what was dropped is history."""
    monkeypatch.setattr(transcript_module, "MAX_MESSAGES", 2)
    transcript = joined(seq=0)
    for seq in (1, 2, 3):
        receive(transcript, message(f"m{seq}", seq))
    assert ids(transcript) == ["m2", "m3"]
    assert transcript.has_more


def test_typing_and_presence_leave_oneself_out_and_report_only_changes() -> None:
    """Nobody is told that they are typing themselves; repeated lists are no change."""
    transcript = joined(seq=0, participants=[participant("me", typing=True), participant("ann", typing=True)])
    assert transcript.people.typing == ["ann"]
    assert transcript.apply_event("TypingUpdate", ["c", ["me", "ann"]]) == []
    assert transcript.apply_event("TypingUpdate", ["c", ["me"]]) == [TypingChange(user_ids=[])]
    people = [participant("me")]
    wire = [person.to_wire() for person in people]
    assert transcript.apply_event("PresenceUpdate", ["c", wire]) == [ParticipantsChange(participants=people)]
    assert transcript.apply_event("PresenceUpdate", ["c", wire]) == []


def test_seed_events_count_only_on_a_hub_without_companions() -> None:
    """UserJoined and UserTyping name no conversation, so they are heard only where nothing better exists."""
    rich = joined(seq=0)
    assert rich.apply_event("UserTyping", ["ann", True]) == []
    assert rich.apply_event("UserJoined", ["ann", "Ann"]) == []
    seed = Transcript("c", "me")
    seed.apply_event("UserJoined", ["ann", "Ann Lee"])
    assert [(p.user_name, p.initials) for p in seed.people.participants] == [("Ann Lee", "AL")]
    assert seed.apply_event("UserTyping", ["ann", True]) == [TypingChange(user_ids=["ann"])]
    assert seed.apply_event("UserTyping", ["ann", False]) == [TypingChange(user_ids=[])]
    seed.apply_event("UserLeft", ["ann"])
    assert seed.people.participants == []


def test_seed_stream_without_offsets_is_appended() -> None:
    """A hub with only the seed's metadata still streams; snake_case is read too."""
    seed = Transcript("c")
    seed.apply_event("StreamToken", ["c", "Hel", {"message_id": "a"}])
    changes = seed.apply_event("StreamToken", ["c", "lo", {"message_id": "a", "done": True}])
    assert seed.messages[0].text == "Hello"
    assert [type(change) for change in changes] == [TokenChange, StreamEndChange, MessageChange]


@pytest.mark.parametrize(
    ("target", "arguments"), [("Unknown", [1]), ("ReceiveMessage", []), ("StreamToken", ["c", 1, {}])]
)
def test_unknown_event_changes_nothing(target: str, arguments: list[Any]) -> None:
    """What a later hub may send is skipped."""
    assert joined(seq=0).apply_event(target, arguments) == []


@given(
    text=st.text(min_size=1, max_size=40),
    cuts=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 40)), max_size=30),
)
def test_text_is_always_a_prefix_of_the_answer_whatever_arrives(
    text: str, cuts: list[tuple[int, int]]
) -> None:
    """Deltas in any order, doubled or missing, never corrupt: the text stays a prefix of the true one."""
    transcript = joined(message("q", 1), seq=1)
    receive(transcript, answer(2))
    view = ""
    for start, size in cuts:
        for change in token(transcript, text[start : start + size], start):
            assert isinstance(change, TokenChange)
            assert change.offset == len(view)
            view += change.text
    held = transcript.streams["a"].text if "a" in transcript.streams else ""
    assert held == view
    assert text.startswith(held)


@given(st.lists(st.integers(1, 12), max_size=60))
def test_log_is_never_applied_out_of_order_whatever_arrives(arrivals: list[int]) -> None:
    """Any arrival order with gaps and repeats leaves exactly 1…seq, in order."""
    transcript = joined(seq=0)
    for seq in arrivals:
        receive(transcript, message(f"m{seq}", seq))
    assert ids(transcript) == [f"m{seq}" for seq in range(1, transcript.seq + 1)]


def test_what_was_read_of_an_answer_stays_when_less_of_it_was_stored() -> None:
    """A hub that was killed has a second less of it: the rest is for views only, the text is the hub's."""
    transcript = joined(seq=1)
    receive(transcript, answer(2))
    transcript.apply_event("StreamToken", ["c", "one two three", {"messageId": "a", "seq": 2, "offset": 0}])
    changes = update(transcript, answer(2, "one two", "interrupted", eventSeq=3))
    told = [change.message for change in changes if isinstance(change, MessageChange)]
    assert [each.metadata[UNSTORED] for each in told] == [" three"]
    stored = transcript.message("a")
    assert stored is not None
    assert (stored.text, stored.metadata[UNSTORED]) == ("one two", " three")
    assert not transcript.streams
    transcript.apply_join(join(answer(2, "one two", "interrupted", eventSeq=3), seq=3))
    again = transcript.message("a")
    assert again is not None
    assert again.metadata[UNSTORED] == " three", "a fresh snapshot takes nothing from what was read"


def test_what_was_read_stays_over_a_snapshot_and_a_resume_too() -> None:
    """However the shorter text comes."""
    renewals: tuple[Callable[[Transcript], object], ...] = (
        lambda t: t.apply_join(join(answer(2, "one", "interrupted", eventSeq=3), seq=3)),
        lambda t: t.apply_resume(
            ResumeResult(
                recovered=True,
                seq=3,
                events=[
                    LogEvent(
                        seq=3,
                        target="MessageUpdated",
                        arguments=[answer(2, "one", "interrupted", eventSeq=3)],
                    )
                ],
            )
        ),
    )
    for renew in renewals:
        transcript = joined(answer(2), seq=2)
        transcript.apply_event("StreamToken", ["c", "one two", {"messageId": "a", "seq": 2, "offset": 0}])
        renew(transcript)
        kept = transcript.message("a")
        assert kept is not None
        assert kept.metadata[UNSTORED] == " two"


@pytest.mark.parametrize(
    ("text", "status"),
    [("other", "interrupted"), ("one two", "interrupted"), ("one", "complete"), ("", "cancelled")],
)
def test_hub_s_text_is_the_text_where_it_is_no_beginning_of_what_was_read(text: str, status: str) -> None:
    """A complete, deleted or different answer is what the hub says, and nothing more."""
    transcript = joined(answer(2), seq=2)
    transcript.apply_event("StreamToken", ["c", "one two", {"messageId": "a", "seq": 2, "offset": 0}])
    update(transcript, answer(2, text, status, eventSeq=3))
    kept = transcript.message("a")
    assert kept is not None
    assert UNSTORED not in kept.metadata


def test_what_nests_too_deep_is_left_out_of_a_message() -> None:
    """Of an event, a snapshot and a page alike; the message and its other keys are shown."""
    deep: list[Any] = []
    for _ in range(900):
        deep = [deep]
    transcript = joined(message("m1", 1, deep=deep, kept=[1]), seq=1)
    receive(transcript, {**message("m2", 2, deep=deep), "more": deep, "attachments": [{"x": deep}, {"y": 1}]})
    transcript.apply_history(HistoryPage(messages=[message("m0", 0, deep=deep)], has_more=False))
    assert [each.id for each in transcript.messages] == ["m0", "m1", "m2"]
    assert all("deep" not in each.metadata for each in transcript.messages)
    first, second = transcript.message("m1"), transcript.message("m2")
    assert first is not None
    assert second is not None
    assert first.metadata["kept"] == [1]
    assert (second.attachments, second.extra) == ([{"y": 1}], {})
    assert MAX_DEPTH < 900


def test_message_of_a_snapshot_that_cannot_be_read_takes_no_other_with_it() -> None:
    """The rest of the conversation is shown."""
    transcript = joined(message("m1", 1), {"id": 5, "role": "nobody"}, message("m3", 3), seq=3)
    assert [each.id for each in transcript.messages] == ["m1", "m3"]


def test_event_that_cannot_be_read_is_stepped_over() -> None:
    """The next one fits on."""
    transcript = joined(message("m1", 1), seq=1)
    assert transcript.apply_event("ReceiveMessage", [{"metadata": {"seq": 2}}]) == []
    assert transcript.apply_event("ReceiveMessage", [None]) == []
    assert transcript.apply_event("StreamToken", ["c", "x", {"messageId": 5}]) == []
    assert len(transcript.apply_event("ReceiveMessage", [message("m3", 3)])) == 1
    assert not transcript.needs_resync


def test_reasoning_grows_beside_the_text_and_is_no_part_of_it() -> None:
    """It has an offset of its own, and is the message's when the answer ends."""
    transcript = joined(message("q", 1), answer(2), seq=2)
    token(transcript, "Hm 😀", 0, kind="reasoning")
    token(transcript, "😀, so", 3, kind="reasoning")
    (change,) = token(transcript, "4", 0)
    assert isinstance(change, TokenChange)
    assert change.kind is None
    assert (transcript.streams["a"].text, transcript.streams["a"].reasoning) == ("4", "Hm 😀, so")
    assert token(transcript, "lost", 99, kind="reasoning") == []
    assert not transcript.needs_resync
    token(transcript, "2", 1, done=True)
    (ended,) = [each for each in transcript.messages if each.id == "a"]
    assert (ended.text, ended.metadata["reasoning"]) == ("42", "Hm 😀, so")


def test_reasoning_is_told_to_views_as_its_own_kind() -> None:
    """A view that shows only what it knows shows no thinking as answer."""
    transcript = joined(message("q", 1), answer(2), seq=2)
    (change,) = token(transcript, "Hm", 0, kind="reasoning")
    assert change == TokenChange(id="a", offset=0, text="Hm", kind="reasoning")
    assert token(transcript, "?", 0, kind="a later version's") == []


def test_late_joiner_gets_the_reasoning_so_far() -> None:
    """A snapshot's open stream has both; nothing arrives out of nowhere."""
    stream = OpenStream(message_id="a", seq=2, text="", index=0, reasoning="So far")
    transcript = joined(message("q", 1), answer(2), seq=2, streams=[stream])
    assert transcript.streams["a"].reasoning == "So far"
    assert token(Transcript("c"), "in the middle", 7, kind="reasoning") == []
