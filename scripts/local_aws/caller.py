"""Calls of the HTTP API, signed as a caller with IAM credentials signs them."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local_aws.stack import REGION, ROOT_KEY, ROOT_SECRET, Stack


@dataclass
class Answer:
    status: int
    headers: dict
    body: dict


class Caller:
    def __init__(self, stack: Stack, key: str = ROOT_KEY, secret: str = ROOT_SECRET, signs: bool = True):
        self.stack = stack
        self.credentials = Credentials(key, secret) if signs else None

    def call(self, method: str, path: str, body=None, headers=None) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        request = AWSRequest(
            method,
            self.stack.endpoint + path,
            headers={"Host": self.stack.api_host, "Content-Type": "application/json", **(headers or {})},
            data=data,
        )
        if self.credentials:
            SigV4Auth(self.credentials, "execute-api", REGION).add_auth(request)
        sent = urllib.request.Request(request.url, data, dict(request.headers), method=method)
        try:
            with urllib.request.urlopen(sent, timeout=60) as response:
                return answer(response.status, response)
        except urllib.error.HTTPError as refused:
            with refused:
                return answer(refused.code, refused)


def answer(status: int, response) -> Answer:
    return Answer(status, {name.lower(): value for name, value in response.headers.items()}, json.load(response))
