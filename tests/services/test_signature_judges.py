"""What is signed here verifies in programs that nobody here wrote, and theirs verifies here."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from typing import Any

import aiohttp
import anyio
import pytest

from intercom_async.canvas import CanvasKit, SheetRequest
from intercom_async.clock import LoopClock
from intercom_async.identity import messenger_token, user_hash
from intercom_async.webhooks import Webhooks
from tests.support.asgi import send
from tests.support.notifications import SECRET, conversation, notification
from .conftest import free_port, wait_for_port
from .node import Node

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]  # npm takes its time

BODIES = [
    notification(),
    notification(item=conversation("é 😀 \u2028 <b>&amp;</b>")),
    b'{ "spaces":  "stay",\n\t"as": 1.0e2 }',
    b"",
    bytes(range(256)),
]


def openssl(algorithm: str, secret: str, body: bytes) -> str:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("there is no openssl here")
    done = subprocess.run(
        [program, "dgst", f"-{algorithm}", "-hmac", secret],
        input=body,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().split()[-1]


@pytest.mark.parametrize("body", BODIES)
def test_openssl_signs_the_same(body: bytes) -> None:
    assert Webhooks(SECRET).sign(body) == f"sha1={openssl('sha1', SECRET, body)}"
    assert CanvasKit(SECRET).sign(body) == openssl("sha256", SECRET, body)
    assert user_hash(SECRET, "user-7") == openssl("sha256", SECRET, b"user-7")


NODE_HMAC = """
const [algorithm, secret] = process.argv.slice(1);
const body = require("fs").readFileSync(0);
console.log(require("crypto").createHmac(algorithm, secret).update(body).digest("hex"));
"""


@pytest.mark.parametrize("body", BODIES)
def test_nodes_crypto_signs_the_same(node: Node, body: bytes) -> None:
    sha1 = node.run(NODE_HMAC, "sha1", SECRET, given=body).decode().strip()
    Webhooks(SECRET).verify(body, {"X-Hub-Signature": f"sha1={sha1}"})
    sha256 = node.run(NODE_HMAC, "sha256", SECRET, given=body).decode().strip()
    CanvasKit(SECRET).verify(body, {"X-Body-Signature": sha256})


EXPRESS = """
const express = require("express"), xhub = require("express-x-hub");
const [port, secret] = process.argv.slice(1), app = express();
app.use(xhub({algorithm: "sha1", secret}));
app.post("/hook", (request, response) => {
    response.sendStatus(request.isXHub && request.isXHubValid() ? 200 : 401);
});
app.listen(Number(port), "127.0.0.1");
"""


async def test_an_express_verifier_takes_what_is_signed_here(node: Node) -> None:
    port, webhooks = free_port(), Webhooks(SECRET)
    command = [node.program, "-e", EXPRESS, str(port), SECRET]
    server = await anyio.open_process(command, cwd=node.folder, stdout=None, stderr=None)
    try:
        wait_for_port(port)
        async with aiohttp.ClientSession() as session:
            for body in BODIES[:2]:
                for signature, status in (
                    (webhooks.sign(body), 200),
                    (Webhooks("other").sign(body), 401),
                ):
                    headers = {"X-Hub-Signature": signature, "Content-Type": "application/json"}
                    async with session.post(
                        f"http://127.0.0.1:{port}/hook", data=body, headers=headers
                    ) as answer:
                        assert answer.status == status
    finally:
        server.kill()
        await server.aclose()


class FixedClock(LoopClock):
    def unix(self) -> float:
        return 1_700_000_000.0


KEY = "a-messenger-secret-of-at-least-32-bytes"


def test_pyjwt_reads_the_tokens() -> None:
    jwt: Any = pytest.importorskip("jwt", reason="PyJWT is not installed")
    token = messenger_token(KEY, user_id="u1", email="a@example.com", attributes={"plan": "pro"})
    claims = jwt.decode(token, KEY, algorithms=["HS256"], options={"require": ["exp", "iat"]})
    assert (claims["user_id"], claims["email"], claims["plan"]) == ("u1", "a@example.com", "pro")
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, "another-secret-of-at-least-32-bytes!", algorithms=["HS256"])
    old = messenger_token(KEY, user_id="u1", clock=FixedClock())
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(old, KEY, algorithms=["HS256"])


def test_joserfc_reads_the_tokens() -> None:
    jwt: Any = pytest.importorskip("joserfc.jwt", reason="joserfc is not installed")
    jwk: Any = pytest.importorskip("joserfc.jwk")
    errors: Any = pytest.importorskip("joserfc.errors")
    token = messenger_token(KEY, user_id=7, expires_in_s=60)
    found = jwt.decode(token, jwk.OctKey.import_key(KEY), algorithms=["HS256"])
    assert found.claims["user_id"] == "7"
    jwt.JWTClaimsRegistry(exp={"essential": True}, iat={"essential": True}).validate(found.claims)
    with pytest.raises(errors.BadSignatureError):
        jwt.decode(token, jwk.OctKey.import_key(KEY + "x"), algorithms=["HS256"])


NODE_ENCRYPT = """
const crypto = require("crypto"), [secret, user] = process.argv.slice(1);
const key = crypto.createHash("sha256").update(secret).digest(), nonce = crypto.randomBytes(12);
const cipher = crypto.createCipheriv("aes-256-gcm", key, nonce);
const text = Buffer.concat([cipher.update(user, "utf8"), cipher.final()]);
console.log(Buffer.concat([nonce, text, cipher.getAuthTag()]).toString("base64"));
"""


async def test_a_sheet_opens_for_a_user_that_node_encrypted(node: Node) -> None:
    pytest.importorskip("cryptography", reason="the extra sheets is missing")
    user = node.run(NODE_ENCRYPT, SECRET, '{"type":"user","id":"c1","name":"Zoë"}').decode()
    canvas = CanvasKit(SECRET)
    seen: list[SheetRequest] = []

    @canvas.sheet
    async def page(request: SheetRequest) -> str:
        seen.append(request)
        return "<p>ok</p>"

    body = json.dumps({"workspace_id": "ws1", "user": base64.b64decode(user) and user}).encode()
    assert (await send(canvas.asgi(), path="/sheet", body=body)).status == 200
    assert seen[0].contact is not None
    assert seen[0].contact.name == "Zoë"
