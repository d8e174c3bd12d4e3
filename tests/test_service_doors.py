"""The doors: who gets through which, by which key, and what is noted of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

from fastapi import FastAPI
from httpx import Response
from service_doors import OWN, PAGE, ROLES, SCREENING, House, close, house, routes

from checker.errors import UsageError
from checker.service import doors, models, signin
from checker.service.database import Database
from checker.service.doors import check_doors
from checker.service.settings import ServiceSettings
from checker.service.tokens import Tokens

TABLE = yaml.safe_load((Path(__file__).parent / "cases" / "doors.yml").read_text("utf-8"))
ROWS = [row for name, rows in TABLE.items() if name != "columns" for row in rows]
PUBLIC = {row["route"] for row in TABLE["public"]}
HERE = "http://127.0.0.1:8910"
FROM_HERE = {"Origin": HERE}
PROXY = "10.0.0.1"
NO_FILE = {"nothing": ("nothing", b"")}
PEOPLE = {"wangwu": "reviewer", "李四": f"author {OWN}"}
FILLED = {"{id}": SCREENING, "{ident}": SCREENING, "{unit:path}": OWN, "{path:path}": PAGE, "{key}": "docx"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The house that most tests stand before; whoever changes something for others builds his own."""
    made = house(tmp_path_factory.mktemp("house") / "data")
    yield made
    close(made)


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Any]:
    """Builds a house with settings of the test's own."""
    made: list[House] = []

    def one(**settings: Any) -> House:
        made.append(house(tmp_path / "data", **settings))
        return made[-1]

    yield one
    for each in made:
        close(each)


def ask(home: House, row: dict[str, Any], headers: dict[str, str], **more: Any) -> Response:
    """Ask for what `row` is about."""
    home.furnish()
    method, path = row["route"].split(" ", 1)
    path = row.get("at", path)
    for name, value in FILLED.items():
        path = path.replace(name, value)
    method = "GET" if method == "MOUNT" else method
    sent = row.get("send", {"files": NO_FILE} if row.get("uploads") else {})
    return home.client(**more).request(method, path, headers=headers, **sent)


def sign_in(home: House, role: str) -> tuple[str, str]:
    """A sign-in with the token of `role`: its cookie and its CSRF token."""
    begun = home.service.sign_ins.begin(home.secrets[role])
    assert begun is not None
    return begun[1], begun[0].csrf


def signing_in(home: House, secret: str, following: str = "", **headers: str) -> Response:
    """What the sign-in page answers."""
    return home.client().post("/signin", data={"token": secret, "next": following}, headers={**FROM_HERE, **headers})


def actions(home: House) -> list[tuple[str, str, int]]:
    """Who did what, the oldest first."""
    return [(entry.who, entry.action, entry.status) for entry in reversed(home.service.audit.entries())]


# ---- every route ----------------------------------------------------------------------------------------------


def test_every_route_has_a_row_in_the_table(home: House) -> None:
    present = {f"{method} {path}" for method, path in routes(home.app)}
    missing = present - {row["route"] for row in ROWS}
    assert not missing, f"say in tests/cases/doors.yml who may use: {', '.join(sorted(missing))}"


def test_every_row_of_the_table_has_its_route(home: House) -> None:
    present = {f"{method} {path}" for method, path in routes(home.app)}
    assert not {row["route"] for row in ROWS} - present


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['route']} {row.get('at', '')}".strip())
def test_a_door_opens_to_those_whom_the_table_names(home: House, row: dict[str, Any]) -> None:
    assert tuple(TABLE["columns"]) == ROLES
    answered = {role: ask(home, row, home.bearer(role)).status_code for role in ROLES}
    assert answered == dict(zip(ROLES, row["as"], strict=True))


@pytest.mark.parametrize("row", [row for row in ROWS if row["route"] not in PUBLIC], ids=lambda row: row["route"])
def test_nothing_but_public_doors_opens_to_those_who_are_not_known(row: dict[str, Any]) -> None:
    by_role = dict(zip(ROLES, row["as"], strict=True))
    assert {by_role[role] for role in ("none", "expired", "revoked")} == {401}


CHANGING = [row for row in ROWS if row["route"].startswith(("POST", "DELETE")) and row["route"] not in PUBLIC]


@pytest.mark.parametrize("row", CHANGING, ids=lambda row: row["route"])
def test_what_changes_something_needs_a_page_of_ours_behind_a_cookie(home: House, row: dict[str, Any]) -> None:
    expected = dict(zip(ROLES, row["as"], strict=True))["admin"]
    cookie, csrf = sign_in(home, "admin")
    with_cookie = {"Cookie": f"kaohe={cookie}"}
    token = {"X-CSRF-Token": csrf}
    for refused in (
        token,  # no browser says where it comes from
        {**token, "Origin": "http://elsewhere.example"},
        {**token, "Origin": "null"},
        {**token, "Sec-Fetch-Site": "cross-site"},
        FROM_HERE,  # without the token
        {**FROM_HERE, "X-CSRF-Token": ""},
        {**FROM_HERE, "X-CSRF-Token": csrf[::-1]},
        {**FROM_HERE, "X-CSRF-Token": sign_in(home, "admin")[1]},  # of another sign-in
    ):
        assert ask(home, row, {**with_cookie, **refused}).status_code == 403, refused
    assert ask(home, row, {**with_cookie, **FROM_HERE, **token}).status_code == expected
    assert ask(home, row, {**with_cookie, "Sec-Fetch-Site": "same-origin", **token}).status_code == expected


FORMS = [row for row in CHANGING if row["route"].startswith("POST") and "send" not in row]


@pytest.mark.parametrize("row", FORMS, ids=lambda row: row["route"])
def test_the_token_of_a_page_may_come_in_its_form(home: House, row: dict[str, Any]) -> None:
    expected = dict(zip(ROLES, row["as"], strict=True))["admin"]
    cookie, csrf = sign_in(home, "admin")
    headers = {"Cookie": f"kaohe={cookie}", **FROM_HERE}
    for given, status in ((csrf, expected), ("wrong", 403), ("", 403)):
        whole = {"data": {"csrf": given}, "files": NO_FILE if row.get("uploads") else {"x": (None, b"")}}
        assert ask(home, {**row, "send": whole}, headers).status_code == status
        if not row.get("uploads"):
            assert ask(home, {**row, "send": {"data": {"csrf": given}}}, headers).status_code == status


# ---- keys -----------------------------------------------------------------------------------------------------


def test_without_a_key_a_person_is_led_to_the_page_to_sign_in_and_a_program_is_told(home: House) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml"}
    page = home.client().get("/screenings?page=2", headers=browser)
    assert (page.status_code, page.headers["location"]) == (303, "/signin?next=/screenings%3Fpage%3D2")
    program = home.client().get("/api/v1/notices", headers=browser)
    assert (program.status_code, program.headers["www-authenticate"]) == (401, "Bearer")
    assert program.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("header", ["Bearer", "Bearer nonsense", "Bearer kh_aaaaaaaaaa_" + "A" * 43, "bearer  "])
def test_a_token_that_is_none_opens_nothing_even_beside_a_good_cookie(home: House, header: str) -> None:
    headers = {"Cookie": f"kaohe={sign_in(home, 'admin')[0]}", "Authorization": header}
    assert home.client().get("/api/v1/notices", headers=headers).status_code == 401


def test_two_tokens_are_refused(home: House) -> None:
    both = [("Authorization", f"Bearer {home.secrets[role]}") for role in ("own", "admin")]
    assert home.client().get("/api/v1/notices", headers=both).status_code == 400


def test_nobody_who_is_not_known_makes_the_service_take_in_a_body(home: House) -> None:
    done: list[Any] = []

    async def receive() -> Any:
        done.append("read")
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        done.append(message.get("status", "sent"))

    headers = [(b"host", b"127.0.0.1:8910"), (b"content-type", b"application/json")]
    path = f"/api/v1/screenings/{SCREENING}/decisions"  # FastAPI reads the body of this one before it asks who that is
    scope = {"type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "query_string": b""}
    scope |= {"headers": headers, "path": path, "raw_path": path.encode()}
    scope |= {"server": ("127.0.0.1", 8910), "client": ("127.0.0.1", 5), "root_path": "", "asgi": {"version": "3.0"}}
    asyncio.run(home.app(scope, receive, send))
    assert done[:2] == [401, "sent"]  # only then the outermost layer lets the client come to its end


# ---- signing in -----------------------------------------------------------------------------------------------


def test_a_token_typed_once_signs_in_and_the_cookie_is_closed_to_scripts_and_other_sites(home: House) -> None:
    answer = signing_in(home, home.secrets["reviewer"], "/screenings")
    assert (answer.status_code, answer.headers["location"]) == (303, "/screenings")
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(r"kaohe=[\w-]{43}; HttpOnly; Path=/; SameSite=strict", cookie)
    page = home.client().get("/", headers={"Cookie": cookie.partition(";")[0]})
    assert page.status_code == 200 and "王五" in page.text


@pytest.mark.parametrize(("settings", "name"), [({"secure_cookie": True}, "__Host-kaohe"), ({}, "kaohe")])
def test_away_from_this_machine_the_cookie_goes_by_https_alone(build: Any, settings: dict[str, Any], name: str) -> None:
    away = build(host="10.0.0.5", **settings)
    client = away.client(base_url="https://kaohe.example")
    sent = {"data": {"token": away.secrets["admin"]}, "headers": {"Origin": "https://kaohe.example"}}
    cookie = client.post("/signin", **sent).headers["set-cookie"]
    assert cookie.startswith(f"{name}=") and cookie.endswith("; Secure")


def test_without_https_away_from_this_machine_the_page_says_why_nobody_can_sign_in(build: Any) -> None:
    away = build(host="10.0.0.5")
    client = away.client(base_url="http://10.0.0.5:8910")
    headers = {"Origin": "http://10.0.0.5:8910"}
    answer = client.post("/signin", data={"token": away.secrets["admin"]}, headers=headers)
    assert answer.status_code == 403 and "https" in answer.text and "set-cookie" not in answer.headers


@pytest.mark.parametrize("secret", ["", "nonsense", "expired", "revoked"])
def test_a_token_that_is_none_shows_the_page_again(home: House, secret: str) -> None:
    answer = signing_in(home, home.secrets.get(secret, secret), "/screenings")
    assert answer.status_code == 401 and "set-cookie" not in answer.headers
    assert 'role="alert"' in answer.text and 'value="/screenings"' in answer.text
    assert not secret or home.secrets.get(secret, secret) not in answer.text


@pytest.mark.parametrize(
    "following",
    ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "/a\\b", "javascript:x", "", "/\t/x"],
)
def test_nobody_is_led_to_another_site(home: House, following: str) -> None:
    assert signing_in(home, home.secrets["admin"], following).headers["location"] == "/"


@pytest.mark.parametrize("headers", [{"Origin": "http://elsewhere.example"}, {"Origin": "null"}, {"Origin": ""}])
def test_no_other_site_signs_anybody_in(home: House, headers: dict[str, str]) -> None:
    answer = signing_in(home, home.secrets["admin"], **headers)
    assert answer.status_code == 403 and "set-cookie" not in answer.headers


def test_too_many_failures_of_one_address_have_to_wait_even_with_a_good_token(build: Any) -> None:
    one = build()
    answers = [signing_in(one, "nonsense").status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
    refused = signing_in(one, one.secrets["admin"])
    assert refused.status_code == 429 and 0 < int(refused.headers["retry-after"]) <= 601
    elsewhere = one.client(client=("127.0.0.2", 5))
    assert elsewhere.post("/signin", data={"token": one.secrets["admin"]}, headers=FROM_HERE).status_code == 303
    assert actions(one)[-3:] == [("", "signin-refused", 429), ("", "signin-refused", 429), ("赵六", "signin", 200)]


def test_failures_are_forgotten_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1000.0
    monkeypatch.setattr(signin.time, "monotonic", lambda: moment)
    failures = signin.Failures()
    for _ in range(10):
        failures.add("a")
    assert failures.wait("a") and not failures.wait("b")
    moment += 601
    assert failures.wait("a") == 0


@pytest.mark.parametrize("prefix", ["/kaohe", ""])  # whether the proxy passes its path on or takes it off
def test_below_a_path_of_a_proxy_people_stay_below_it(build: Any, prefix: str) -> None:
    one = build(base_path="/kaohe")
    page = one.client().get(f"{prefix}/screenings?page=2", headers={"Accept": "text/html"})
    assert page.headers["location"] == "/kaohe/signin?next=/screenings%3Fpage%3D2"
    sent = {"token": one.secrets["admin"], "next": "/screenings?page=2"}
    answer = one.client().post(f"{prefix}/signin", data=sent, headers=FROM_HERE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/kaohe/screenings?page=2")


def test_signing_out_ends_the_sign_in_itself_and_needs_the_token_of_the_page(home: House) -> None:
    cookie, csrf = sign_in(home, "reviewer")
    headers = {"Cookie": f"kaohe={cookie}", **FROM_HERE}
    assert home.client().post("/signout", headers=headers, data={"csrf": "wrong"}).status_code == 403
    assert home.client().get("/", headers=headers).status_code == 200
    answer = home.client().post("/signout", headers=headers, data={"csrf": csrf})
    assert answer.status_code == 303 and "Max-Age=0" in answer.headers["set-cookie"]
    assert home.client().get("/", headers=headers).status_code == 401


def test_a_revoked_token_ends_its_sign_ins_with_the_next_request(build: Any) -> None:
    one = build()
    headers = {"Cookie": f"kaohe={sign_in(one, 'reviewer')[0]}", "Accept": "text/html"}
    assert one.client().get("/", headers=headers).status_code == 200
    (token,) = [token for token in one.service.tokens.list() if token.name == "王五"]
    one.service.tokens.revoke(token.id)
    answer = one.client().get("/", headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/signin?next=/&over=1")
    assert "登录已过期" in one.client().get(answer.headers["location"], headers=headers).text


def test_a_cookie_that_cannot_be_read_is_no_sign_in(home: House) -> None:
    for cookie in (b"kaohe=\xff\xfe", b"kaohe=", b"kaohe=" + b"A" * 5000, b"=;;kaohe"):
        assert home.client().get("/", headers=[(b"cookie", cookie)]).status_code == 401


# ---- a sign-on proxy ------------------------------------------------------------------------------------------


@pytest.fixture
def behind(build: Any) -> House:
    """A house behind a sign-on proxy at 10.0.0.1."""
    made: House = build(trusted_header="X-User", proxies=(PROXY,), people=PEOPLE, login=False, hosts=("127.0.0.1",))
    return made


def by_proxy(home: House, path: str, *names: bytes, peer: str = PROXY, **headers: str) -> Response:
    """What the proxy is answered that says `names` of who asks."""
    client = home.client(client=(peer, 5))
    pairs = [(b"x-user", name) for name in names] + [(key.encode(), value.encode()) for key, value in headers.items()]
    return client.get(path, headers=pairs)


def test_the_proxy_says_who_asks_and_the_list_says_what_he_may(behind: House) -> None:
    behind.furnish()
    assert by_proxy(behind, "/screenings", b"wangwu").status_code == 200
    assert by_proxy(behind, "/metrics", b"wangwu").status_code == 403
    page = f"/api/v1/screenings/{SCREENING}/units"
    assert [unit["unit"] for unit in by_proxy(behind, page, "李四".encode()).json()["units"]] == [OWN]


def test_who_is_not_on_the_list_is_refused(behind: House) -> None:
    for name in (b"nobody", b"wangwu, admin", b"WANGWU", b"\xff"):
        assert by_proxy(behind, "/", name).status_code in (400, 403), name


def test_without_the_header_nobody_is_known_though_it_is_loopback(behind: House) -> None:
    assert by_proxy(behind, "/").status_code == 401
    assert by_proxy(behind, "/", b"").status_code == 401
    assert by_proxy(behind, "/", peer="127.0.0.1").status_code == 401


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.0.0.2", "", "::ffff:10.0.0.2"])
def test_nobody_but_the_proxy_may_say_who_asks(behind: House, peer: str) -> None:
    assert by_proxy(behind, "/", b"wangwu", peer=peer).status_code == 403
    assert by_proxy(behind, "/", b"wangwu", peer=peer, **{"X-Forwarded-For": PROXY}).status_code == 403


def test_the_proxy_is_known_by_its_mapped_address_too(behind: House) -> None:
    assert by_proxy(behind, "/", b"wangwu", peer=f"::ffff:{PROXY}").status_code == 200


def test_a_header_that_comes_twice_is_refused(behind: House) -> None:
    assert by_proxy(behind, "/", b"wangwu", b"wangwu").status_code == 400


def test_a_program_may_come_through_the_proxy_with_its_token(behind: House) -> None:
    answer = by_proxy(behind, "/metrics", Authorization=f"Bearer {behind.secrets['admin']}")
    assert answer.status_code == 200
    assert by_proxy(behind, "/", b"wangwu", Authorization="Basic eDp5").status_code == 200


def test_behind_a_proxy_forms_need_the_token_of_their_page_too(behind: House) -> None:
    page = by_proxy(behind, "/", b"wangwu").text
    found = re.search(r'name="csrf" value="([\w-]+)"', page)
    assert found is not None
    client, who = behind.client(client=(PROXY, 5)), {"X-User": "wangwu", **FROM_HERE}
    for csrf, status in ((found[1], 422), ("wrong", 403)):
        answer = client.post("/check", headers=who, data={"csrf": csrf}, files={"files": ("", b"")})
        assert answer.status_code == status
    assert client.post("/check", headers={"X-User": "wangwu", "X-CSRF-Token": found[1]}).status_code == 403


# ---- starting -------------------------------------------------------------------------------------------------


def test_on_loopback_it_is_open_without_any_token(build: Any) -> None:
    one = build(login=False)
    assert one.client().get("/metrics").status_code == 200
    assert one.client().post("/api/v1/checks", files=NO_FILE).status_code == 422
    assert [who for who, _, _ in actions(one)] == ["本机"] * len(actions(one))


@pytest.mark.parametrize("settings", [{"host": "0.0.0.0"}, {"host": "10.0.0.5"}, {"host": "::"}, {"login": True}])
def test_it_does_not_start_where_others_reach_it_and_nobody_has_a_token(tmp_path: Path, settings: Any) -> None:
    database = Database(f"sqlite:///{tmp_path / 'kaohe.db'}")
    chosen = ServiceSettings(data=tmp_path, **settings)
    with pytest.raises(UsageError, match="kaohe token add"):
        check_doors(chosen, database)
    token = Tokens(database).add("甲", "admin", expires=models.now() + timedelta(hours=1)).token
    check_doors(chosen, database)
    Tokens(database).revoke(token.id)
    with pytest.raises(UsageError, match="kaohe token add"):
        check_doors(chosen, database)
    database.close()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"people": {}}, "谁是什么角色"),
        ({"proxies": ()}, "代理的地址"),
        ({"people": {"a": "boss"}}, "写法不对"),
        ({"people": {"a": "author"}}, "写法不对"),
        ({"people": {"a": "admin 禾渡县"}}, "写法不对"),
    ],
)
def test_a_sign_on_that_is_not_told_whole_does_not_start(tmp_path: Path, settings: Any, sentence: str) -> None:
    chosen = ServiceSettings(**{"data": tmp_path, "trusted_header": "X-User", "people": PEOPLE, **settings})
    with pytest.raises(UsageError, match=sentence):
        check_doors(chosen, Database(f"sqlite:///{tmp_path / 'kaohe.db'}"))


def test_an_application_that_others_reach_does_not_begin_without_a_token(tmp_path: Path) -> None:
    from checker.service.app import create_app

    app: FastAPI = create_app(ServiceSettings(data=tmp_path / "data", host="0.0.0.0"))

    async def begin() -> None:
        async with app.router.lifespan_context(app):
            raise AssertionError("it began")

    with pytest.raises(UsageError, match="kaohe token add"):
        asyncio.run(begin())
    app.state.service.database.close()
    app.state.service.release()


# ---- what is noted --------------------------------------------------------------------------------------------


def test_what_was_seen_done_and_refused_is_noted_with_who_and_where_from(build: Any) -> None:
    one = build()
    one.furnish()
    client = one.client(client=("10.1.2.3", 5))
    for _ in range(3):  # a page that looks again and again
        client.get(f"/api/v1/screenings/{SCREENING}", headers=one.bearer("own"))
    client.get(f"/api/v1/screenings/{SCREENING}/archive.zip", headers=one.bearer("own"))
    client.get(f"/api/v1/screenings/{SCREENING}/archive.zip", headers=one.bearer("reviewer"))
    client.request("DELETE", f"/api/v1/screenings/{SCREENING}", headers=one.bearer("admin"))
    client.get("/api/v1/notices", headers=one.bearer("own"))
    client.get("/metrics")
    assert actions(one) == [
        ("本单位的人", "own-results", 200),
        ("本单位的人", "refused", 403),
        ("王五", "download", 200),
        ("赵六", "delete", 204),
        ("", "refused", 401),
    ]
    entries = one.service.audit.entries()
    assert {entry.client for entry in entries} == {"10.1.2.3"}
    assert entries[2].what == f"GET /api/v1/screenings/{SCREENING}/archive.zip"


def test_who_knocks_again_and_again_is_noted_once_a_minute(build: Any) -> None:
    one = build()
    for number in range(20):
        one.client().post(f"/{number}", headers={"Authorization": f"Bearer {number}"})
        one.client(client=("127.0.0.2", 5)).get("/metrics")
    assert actions(one) == [("", "refused", 401)] * 2


def test_no_secret_is_ever_noted(build: Any) -> None:
    one = build()
    secret = one.secrets["admin"]
    signing_in(one, secret)
    signing_in(one, secret[:-1])
    one.client().get(f"/audit?who={secret}", headers=one.bearer("admin"))
    one.client().get("/metrics", headers={"Authorization": f"Bearer {secret[:-1]}"})
    kept = repr([vars(entry) for entry in one.service.audit.entries()])
    assert "signin" in kept and secret[14:-1] not in kept


def test_the_log_of_a_client_behind_our_proxy_names_the_client(behind: House) -> None:
    by_proxy(behind, "/metrics", b"wangwu", **{"X-Forwarded-For": "1.2.3.4, 10.9.9.9"})
    assert [entry.client for entry in behind.service.audit.entries()] == ["10.9.9.9"]


def test_admins_read_the_log_page_by_page(build: Any) -> None:
    one = build()
    for number in range(5):
        one.service.audit.note(None, "check", str(number))
    first = one.client().get("/api/v1/audit?limit=3&action=check", headers=one.bearer("admin")).json()
    assert [entry["what"] for entry in first["entries"]] == ["4", "3", "2"]
    url = f"/api/v1/audit?limit=3&action=check&before={first['next']}"
    second = one.client().get(url, headers=one.bearer("admin")).json()
    assert ([entry["what"] for entry in second["entries"]], second["next"]) == (["1", "0"], None)


def test_an_answer_without_end_ends_when_its_token_is_revoked(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "_STREAM_CHECK", 0.0)
    one = build()
    (token,) = [token for token in one.service.tokens.list() if token.name == "王五"]
    sent: list[bytes] = []

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        scope["app"] = one.app
        await doors.identify(doors.Request(scope))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(10):
            if number == 5:
                one.service.tokens.revoke(token.id)
            await send({"type": "http.response.body", "body": b"x", "more_body": True})

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            sent.append(message["body"] if message["more_body"] else b"end")

    secret = one.secrets["reviewer"].encode()
    scope = {"type": "http", "method": "GET", "path": "/x", "query_string": b"", "client": ("127.0.0.1", 5)}
    scope |= {"headers": [(b"authorization", b"Bearer " + secret)], "app": one.app}
    asyncio.run(doors.Doors(endless, one.service)(scope, None, send))  # type: ignore[arg-type]
    assert sent == [b"x"] * 5 + [b"end"]
