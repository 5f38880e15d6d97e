"""Reports: kept until they are handled, and without whoever was forgotten."""

from bot.domain.jobs import JobState, UserId
from bot.domain.reports import Report, ReportId
from tests.storage.store_values import ANNA, BERT, HOUR, MINUTE, NOON, in_state


def a_report(number: str = "1", **changes) -> Report:
    facts = {
        "id": ReportId(number),
        "owner_id": ANNA,
        "guild_id": 44,
        "words": "this is not a lighthouse",
        "created_at": NOON,
        **changes,
    }
    return Report(**facts)


async def add(database, *reports: Report) -> None:
    async def all_of(tx):
        for report in reports:
            await tx.reports.add(report)

    await database.write(all_of)


async def test_a_report_comes_back_as_it_was_and_a_repeat_changes_nothing(database):
    report = a_report(link="https://discord.com/channels/1/2/3")

    first = await database.write(lambda tx: tx.reports.add(report))
    again = await database.write(lambda tx: tx.reports.add(a_report(words="something else")))

    assert (first, again) == (True, False)
    assert await database.read(lambda tx: tx.reports.get(report.id)) == report
    assert await database.read(lambda tx: tx.reports.get(ReportId("2"))) is None


async def test_what_was_posted_is_not_posted_again(database):
    await add(database, a_report("1", created_at=NOON + MINUTE), a_report("2"))

    before = await database.read(lambda tx: tx.reports.unposted(limit=9))
    await database.write(lambda tx: tx.reports.note_posted(ReportId("2"), at=NOON))

    after = await database.read(lambda tx: tx.reports.unposted(limit=9))
    assert [report.id for report in before] == ["2", "1"]
    assert [report.id for report in after] == ["1"]
    assert await database.read(lambda tx: tx.reports.count_unposted()) == 1


async def test_a_report_is_handled_once_and_waits_no_more(database):
    await add(database, a_report())

    first = await database.write(lambda tx: tx.reports.handle(ReportId("1"), by=BERT, at=NOON))
    again = await database.write(lambda tx: tx.reports.handle(ReportId("1"), by=ANNA, at=NOON))

    handled = await database.read(lambda tx: tx.reports.get(ReportId("1")))
    assert (first, again) == (True, False)
    assert (handled.handler_id, handled.handled_at) == (BERT, NOON)
    assert await database.read(lambda tx: tx.reports.waiting(44, limit=9)) == ()
    assert await database.read(lambda tx: tx.reports.unposted(limit=9)) == ()


async def test_every_server_sees_its_own(database):
    await add(database, a_report("1"), a_report("2", guild_id=45), a_report("3", guild_id=None))

    found = [
        await database.read(lambda tx, g=guild: tx.reports.waiting(g, limit=9))
        for guild in (44, 45, None)
    ]

    assert [[report.id for report in reports] for reports in found] == [["1"], ["2"], ["3"]]


async def test_what_somebody_reported_lately_is_known(database):
    await add(
        database,
        a_report("1", created_at=NOON - HOUR),
        a_report("2"),
        a_report("3", owner_id=BERT),
    )

    found = await database.read(lambda tx: tx.reports.since(ANNA, NOON - MINUTE))

    assert found == (NOON,)


async def test_what_was_handled_long_ago_goes(database):
    await add(database, a_report("1"), a_report("2"))
    await database.write(lambda tx: tx.reports.handle(ReportId("1"), by=BERT, at=NOON))

    assert not await database.read(lambda tx: tx.reports.has_handled(NOON - MINUTE))
    assert await database.read(lambda tx: tx.reports.has_handled(NOON))
    assert await database.write(lambda tx: tx.reports.forget(NOON)) == 1
    assert await database.read(lambda tx: tx.reports.get(ReportId("2"))) == a_report("2")


async def test_an_erasure_takes_the_person_out_of_what_still_waits(database):
    await database.write(lambda tx: tx.jobs.accept(in_state(JobState.DONE, "7")))
    await add(
        database,
        a_report("1"),
        a_report("2"),
        a_report("3", owner_id=BERT, job_id="7"),
        a_report("4", owner_id=UserId(3)),
    )
    for number in ("2", "4"):
        await database.write(lambda tx, n=number: tx.reports.handle(ReportId(n), by=ANNA, at=NOON))

    await database.write(lambda tx: tx.forgetting.erase(ANNA, nobody_id=-1, at=NOON))

    waits, done, theirs, handled = [
        await database.read(lambda tx, n=number: tx.reports.get(ReportId(n)))
        for number in ("1", "2", "3", "4")
    ]
    assert waits == a_report("1", owner_id=None)
    assert done is None
    assert theirs == a_report("3", owner_id=BERT)
    assert (handled.owner_id, handled.handler_id) == (3, None)
