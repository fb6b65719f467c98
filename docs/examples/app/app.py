"""An app around junheng: a workbook in; problems, verdicts, report and forms out. Start it: ``python app.py``.

Nothing is kept on the server: the page holds on to the file and sends it with every request.
"""

import io
import re
import tempfile
import threading
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

import uvicorn
from fastapi import Depends, FastAPI, Form, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader
from pydantic import BeforeValidator

import junheng as jh
from junheng import reports

HERE = Path(__file__).parent
SETTINGS, WORDS, ZH = (tomllib.loads((HERE / f"{n}.toml").read_text("utf-8")) for n in ("settings", "words", "zh"))
COLUMNS = jh.schools.columns()
ZH["column"] = {f"{id}_{s}".strip("_"): t + c.zh for id, c in COLUMNS.items() for s, t in ZH["stage"].items()}
PAGE = Environment(loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True).get_template("page.html")
READING = threading.BoundedSemaphore(SETTINGS["most_at_a_time"])

app = FastAPI(title="junheng", docs_url=None, redoc_url=None)  # those pages load scripts from a network
app.mount("/static", StaticFiles(directory=HERE / "static"))


class Refused(jh.InputError):
    """What the app itself refuses, in its own words."""

    def __init__(self, code: str, status: int = 422, **parameters: Any) -> None:
        self.code, self.status, self.parameters = code, status, parameters

    def text(self, language: str = "en") -> str:
        return str(WORDS[self.code][language].format(**self.parameters))


@app.middleware("http")
async def guard(request: Request, call_next: Any) -> Response:
    """Refuse what is too large before it is read; set the headers of every answer."""
    found, most = request.state, SETTINGS["most_bytes"]
    for name in ("standard", "year", "county", "prices", "read", "ev", "error"):
        setattr(found, name, None)
    found.language = "zh"
    size = request.headers.get("content-length", "" if request.method == "POST" else "0")
    try:
        found.language = language_of(request)
        if "transfer-encoding" in request.headers or not size.isdecimal():
            raise Refused("no_length", 411)
        if len(size) > 15 or int(size) > most:
            raise Refused("too_large", 413, most=most // 10**6)
    except jh.InputError as exc:
        response = refusal(request, exc)
    else:
        response = await call_next(request)
    for name, value in SETTINGS["headers"].items():
        response.headers.setdefault(name, value)
    return response


def language_of(request: Request, asked: str = "") -> str:
    """Return the language asked for; else that of the caller of the API, or the Chinese of the page."""
    if (asked := asked or request.query_params.get("language", "")) not in ("", "zh", "en"):
        raise Refused("no_such_language", language=asked)
    header = request.headers.get("accept-language", "") if request.url.path.startswith("/api/") else ""
    wanted = re.findall(r"(?:^|,)\s*(zh|en)\b[\w-]*(?:\s*;\s*q=([01]\.?\d*))?", header.lower())
    return asked or str(max(wanted, key=lambda w: float(w[1] or 1), default=("zh",))[0])


def judged(
    request: Request,
    file: UploadFile | None = None,
    standard: Annotated[str, Form()] = SETTINGS["first_standard"],
    year: Annotated[int | None, BeforeValidator(lambda text: text or None), Form()] = None,
    county: Annotated[str, Form()] = "",
    language: Annotated[str, Form()] = "",
    priced: Annotated[list[str], Form()] = [],  # noqa: B006
    price: Annotated[list[str], Form()] = [],  # noqa: B006
) -> Any:
    """Read and judge. The state of the request keeps what has been found out, should a later step fail."""
    found = request.state
    found.language = language_of(request, language)
    found.year, found.county = year, county or None
    found.prices = {column: text for column, text in zip(priced, price, strict=False) if text.strip()}
    found.standard = jh.load_standard(standard.split(".toml")[0])  # a stranger may not name a file of the server
    if request.path_params.get("name") == "template.xlsx":
        return found
    if file is None or not file.filename:
        raise Refused("no_file")
    with READING:
        content = io.BytesIO(file.file.read())
        content.name = file.filename  # what the library says names the file
        found.read = jh.describe_file(content, isolate=True)
    if found.read.facts_problems:
        raise jh.InputDataError(found.read.facts_problems)
    if len(found.read.schools) > SETTINGS["most_rows"]:
        raise Refused("too_many_rows", n=len(found.read.schools), most=SETTINGS["most_rows"])
    schools = of_year(found.read.schools, year)
    if year and not len(schools):
        raise Refused("no_such_year", year=year)
    found.ev = jh.evaluate(schools, found.standard, county_facts=of_year(found.read.facts, year))
    return found


def of_year(table: Any, year: int | None) -> Any:
    """Keep the rows of a year; a table without years is of that year."""
    if year is None or table is None:
        return table
    table = table if "year" in table else table.assign(year=year)
    return table[[str(y).removesuffix(".0") == str(year) for y in table["year"]]]


@app.get("/")
@app.post("/", dependencies=[Depends(judged)])
@app.post("/api/evaluate", dependencies=[Depends(judged)])
def answer(request: Request) -> Response:
    """Return what has been found out, as a page or as JSON."""
    found, language = request.state, request.state.language
    if request.url.path.startswith("/api/"):
        read, ev = found.read and found.read.to_dict(language), found.ev and found.ev.to_dict()
        return JSONResponse({"problems": problems(found), "read": read, "evaluation": ev})

    def rows(name: str) -> Any:  # in words, with the county and the ids behind them
        spoken = found.ev.relabel(language)
        in_words = getattr(spoken, name).astype(object).where(lambda t: t.notna(), None).to_dict("records")
        for ids, words in zip(spoken.to_dict(schools=False)[name], in_words, strict=True):
            place = " / ".join(str(ids[k]) for k in list(ids)[: list(ids).index("part")])
            yield dict(zip(ids, words.values(), strict=True), ids=ids, place=place)

    def to_price() -> Any:  # what schools lack, then what may be too unequal
        of_indicators = (jh.indicators.catalogue()[i].numerator for i in found.standard.indicators)
        return dict.fromkeys([*jh.shortfall_totals(found.ev)["column"], *of_indicators])

    told = {"t": {key: entry[language] for key, entry in WORDS.items()}, "settings": SETTINGS, "found": found}
    told |= {"problems": problems(found), "rows": rows, "to_price": to_price, "columns": COLUMNS}
    told |= {"standards": jh.list_standards().to_dict("records"), "zh": ZH}
    return HTMLResponse(PAGE.render(told))


@app.exception_handler(RequestValidationError)
@app.exception_handler(jh.JunhengError)
def refusal(request: Request, exc: Exception) -> Response:
    """Answer what cannot be done."""
    request.state.error = exc if isinstance(exc, jh.JunhengError) else Refused("not_understood")
    response = answer(request)
    response.status_code = getattr(exc, "status", 422)
    return response


def problems(found: Any) -> list[dict[str, Any]]:
    """Return everything that is wrong as plain values, errors first: of the table, of the file, of the request."""
    wrong = getattr(found.error, "problems", ())
    out = [p.to_dict() | {"message": p.sentence(found.language), "place": p.place(found.language)} for p in wrong]
    out += found.ev.relabel(found.language).to_dict(schools=False)["problems"] if found.ev and not wrong else []
    known = {(p["code"], p["column"]) for p in out}
    of_file = found.read.to_dict(found.language)["problems"] if found.read else []
    out += [{"row": None, **p} for p in of_file if (p["code"], p["column"]) not in known]
    if found.error and not isinstance(found.error, jh.InputDataError):
        code, text = found.error.code, found.error.text(found.language)
        out.append({"code": code, "severity": "error", "sheet": None, "cell": None, "row": None, "message": text})
    return sorted(out, key=lambda p: p["severity"] != "error")


FileName = Literal["declaration.xlsx", "plan.xlsx", "report.html", "results.xlsx", "template.xlsx"]
WRITERS: dict[FileName, Any] = {
    "declaration.xlsx": lambda f, to: reports.write_declaration(f.ev, to, county=f.county),
    "plan.xlsx": lambda f, to: reports.write_plan_workbook(
        jh.plan(f.ev, unit_costs=f.prices, progress=False), to, language=f.language
    ),
    "report.html": lambda f, to: reports.write_report(f.ev, to, county=f.county, language=f.language, progress=False),
    "results.xlsx": lambda f, to: reports.write_results(f.ev, to, language=f.language),
    "template.xlsx": lambda f, to: reports.write_template(to, f.standard, language=f.language),
}


@app.post("/files/{name}")
def download(name: FileName, found: Annotated[Any, Depends(judged)]) -> Response:
    """Write a file into a folder that is gone afterwards; the report may be looked at, the others are kept."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        WRITERS[name](found, path)
        content = path.read_bytes()
    how, title = "inline" if name == "report.html" else "attachment", WORDS[path.stem][found.language] + path.suffix
    headers = {"Content-Disposition": f"{how}; filename*=UTF-8''{quote(title)}", **SETTINGS["files"][path.suffix]}
    return Response(content, headers=headers)


if __name__ == "__main__":
    uvicorn.run(app, host=SETTINGS["host"], port=SETTINGS["port"])
