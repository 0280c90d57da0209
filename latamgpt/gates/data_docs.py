"""Great Expectations' Data Docs as static pages that need no network.

As they come, they fetch scripts and styles from six public servers, and the index stays empty where those cannot be reached. Here
everything foreign is taken out, and the index is a page of our own.
"""

import re
import shutil
import tempfile
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, cast

from latamgpt.records import Expectation, Report

if TYPE_CHECKING:
    from great_expectations.data_context import EphemeralDataContext
    from great_expectations.data_context.store.store import DataDocsSiteConfigTypedDict

FOREIGN = re.compile(
    r"<script\b.*?</script>|<footer\b.*?</footer>|<(?:link|img)\b[^>]*?(?:href|src)=\"https?:[^>]*>", re.DOTALL | re.IGNORECASE
)
STYLE = """<style>
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 0.5rem 0 1.5rem; }
td, th { border-bottom: 1px solid #ddd; padding: 0.3rem 0.8rem; text-align: left; vertical-align: top; }
a { color: #0b5394; } h5 { font-size: 1.1rem; margin: 1.5rem 0 0.5rem; } h6, .h6 { font-size: 1rem; margin: 0; }
ol, nav ul { list-style: none; padding: 0; } nav.navbar { height: auto !important; }
.sticky > .card:first-of-type { display: none; }
i.text-success::before { content: "\\2713"; color: #2e7d32; } i.text-danger::before { content: "\\2717"; color: #c62828; }
i.text-warning::before { content: "!"; color: #b26a00; } .failed { background: #fdecea; }
</style>"""


def refresh_data_docs(context: "EphemeralDataContext", report: Report, folder: Path) -> None:
    """Build the site of what `context` has validated, and put it in the place of the one in `folder`."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".draft-", dir=folder.parent) as draft:
        site = {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": f"{draft}/site"},
        }
        context.add_data_docs_site("local", cast("DataDocsSiteConfigTypedDict", site))
        context.build_data_docs(site_names=["local"])
        make_self_contained(Path(draft, "site"), report)
        shutil.rmtree(folder, ignore_errors=True)
        Path(draft, "site").rename(folder)


def make_self_contained(site: Path, report: Report) -> None:
    """Take out all that a page would fetch from elsewhere, and write the index."""
    shutil.rmtree(site / "static")
    for page in site.rglob("*.html"):
        text = FOREIGN.sub("", page.read_text(encoding="utf-8"))
        page.write_text(text.replace("</head>", f"{STYLE}\n</head>", 1), encoding="utf-8")
    pages = sorted(page.relative_to(site).as_posix() for page in (site / "validations").rglob("*.html"))
    (site / "index.html").write_text(index_page(report, pages), encoding="utf-8")


def index_page(report: Report, pages: list[str]) -> str:
    """The verdict, every expectation with what was observed, and links to the detailed pages."""
    title = escape(f"{report.stage} {report.key}".strip())
    links = "".join(f'<li><a href="{escape(page)}">{escape(page.split("/")[1])}</a></li>' for page in pages)
    rows = "".join(_row(e) for e in report.expectations)
    head = "<tr><th></th><th>expectation</th><th>arguments</th><th>severity</th><th>observed</th></tr>"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="UTF-8"><title>{title}</title>{STYLE}</head><body>\n'
        f"<h1>{title}: {'passed' if report.passed else 'failed'}</h1>\n<p>{escape(report.summary)}.</p>\n"
        f"<table>{head}{rows}</table>\n<p>In detail, table by table:</p>\n<ul>{links}</ul>\n</body></html>\n"
    )


def _row(expectation: Expectation) -> str:
    arguments = ", ".join(f"{name}: {value}" for name, value in expectation.arguments.items())
    cells = (expectation.kind.removeprefix("expect_").replace("_", " "), arguments, expectation.severity, expectation.observed)
    icon = "text-success" if expectation.passed else "text-danger"
    return (
        f'<tr class="{"passed" if expectation.passed else "failed"}"><td><i class="{icon}"></i></td>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + "</tr>\n"
    )
