from pydantic import BaseModel, ConfigDict


class TitleView(BaseModel):
    """What operators call something."""

    model_config = ConfigDict(from_attributes=True)
    en: str
    zh: str


class TitleViews(BaseModel):
    """The titles that a policy gives 名稱; what is not here has none."""

    model_config = ConfigDict(from_attributes=True)
    value: dict[str, TitleView]
    rule: dict[str, TitleView]
