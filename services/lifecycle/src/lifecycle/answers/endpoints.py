from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter

from common.auth.access import Operator
from common.http.dependencies import CurrentRuntime, Db
from lifecycle.answers import service
from lifecycle.answers.domain import Answer
from lifecycle.answers.schemas import About, Answers, AnswerView, Deep, InLanguage, StatementView
from lifecycle.policy.titles.domain import titles_of
from lifecycle.resources import Resources
from lifecycle.text.faults.domain import Language
from lifecycle.text.labels.domain import Titles
from lifecycle.text.statements.domain import Statement

router = APIRouter(tags=["members"])


@router.get("/members/{member_id}/why", operation_id="explain_member")
async def explain_member(
    member_id: UUID,
    _: Operator,
    db: Db,
    runtime: CurrentRuntime,
    about: About = None,
    language: InLanguage = "en",
    deep: Deep = False,
) -> Answers:
    """Why a member is in their stage, health or a segment; why a rule acted for them, or why not, and what is in its way."""
    resources: Resources = runtime.resources
    found, engine = await service.answers(
        db, resources.versions, member_id, about=about, deep=deep, keep=resources.keep_receipts
    )
    zone, titles = engine.calendar.zone, titles_of(engine.policy)
    return Answers(
        member_id=member_id,
        version=engine.version,
        time_zone=engine.policy.tz,
        items=[answer_view(answer, language, zone, titles) for answer in found],
    )


def answer_view(answer: Answer, language: Language, zone: ZoneInfo, titles: Titles) -> AnswerView:
    def views(statements: tuple[Statement, ...]) -> list[StatementView]:
        return [statement_view(each, language, zone, titles) for each in statements]

    return AnswerView(
        about=answer.about,
        verdict=statement_view(answer.verdict, language, zone, titles),
        because=views(answer.because),
        now=views(answer.now),
        ahead=views(answer.ahead),
        derived=views(answer.derived),
    )


def statement_view(statement: Statement, language: Language, zone: ZoneInfo, titles: Titles) -> StatementView:
    return StatementView(
        code=statement.text.code,
        at=statement.at,
        holds=statement.holds,
        values=statement.values,
        words=statement.told(language, zone, titles),
    )
