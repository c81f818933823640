"""Object storage for tests: moto's S3 behind a gate that is stricter and worse-tempered.

Every request's signature is reckoned again with botocore; one that differs is refused. The first
request for a key with `stumble` in it is answered 503. Prints the port; ends when stdin closes.
Arguments: access key, secret key, region, bucket.
"""

import hashlib
import io
import sys
import threading

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

ACCESS, SECRET, REGION, BUCKET = sys.argv[1:5]
behind = DomainDispatcherApplication(create_backend_app)
stumbled = set()


def signature(environ, body):
    """What the signature has to be; the one that came."""
    told = dict(
        part.strip().split("=", 1)
        for part in environ["HTTP_AUTHORIZATION"].removeprefix("AWS4-HMAC-SHA256 ").split(",")
    )
    names = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
    headers = {
        name: environ[names.get(name, "HTTP_" + name.upper().replace("-", "_"))]
        for name in told["SignedHeaders"].split(";")
    }
    if headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
        return "the body's sum", "another"
    if told["Credential"].split("/")[0] != ACCESS:
        return "the access key", "another"
    url = f"http://{environ['HTTP_HOST']}{environ['REQUEST_URI']}"
    request = AWSRequest(environ["REQUEST_METHOD"], url, headers=headers)
    request.context["timestamp"] = headers["x-amz-date"]
    signer = S3SigV4Auth(Credentials(ACCESS, SECRET), "s3", REGION)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return signer.signature(text, request), told["Signature"]


def gate(environ, start):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)

    def refuse(status, code):
        said = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
        start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(said)))])
        return [said]

    try:
        expected, came = signature(environ, body)
    except KeyError:
        return refuse("403 Forbidden", "AccessDenied")
    if expected != came:
        return refuse("403 Forbidden", "SignatureDoesNotMatch")
    asked = environ["REQUEST_METHOD"] + environ["PATH_INFO"]
    if "stumble" in asked and asked not in stumbled:
        stumbled.add(asked)
        return refuse("503 Slow Down", "SlowDown")
    return behind(environ, start)


server = make_server("127.0.0.1", 0, gate, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()

from moto.s3.models import s3_backends  # noqa: E402

backend = s3_backends["123456789012"]["aws"]
backend.create_bucket(BUCKET, REGION)
print(server.server_port, flush=True)
sys.stdin.read()
