"""The token endpoint of a system of someone else: access tokens that expire, refresh tokens that are good for once."""

from __future__ import annotations

import base64
from urllib.parse import parse_qsl

from support.stub_server import Reply, Request, json_reply


class TokenEndpoint:
    """`refresh_token`: the one that is good now; None: the application logs in for itself."""

    def __init__(self, refresh_token: str | None = None, client: str = "client:s3cr3t-of-client") -> None:
        self.refresh_token, self.given, self._client = refresh_token, 0, client
        self.access_token = ""

    def answer(self, request: Request) -> Reply:
        form = dict(parse_qsl(request.body.decode()))
        if request.headers.get("authorization") != "Basic " + base64.b64encode(self._client.encode()).decode():
            return json_reply({"error": "invalid_client"}, 401)
        if self.refresh_token is None:
            if form != {"grant_type": "client_credentials"}:
                return json_reply({"error": "unauthorized_client"}, 400)
        elif form != {"grant_type": "refresh_token", "refresh_token": self.refresh_token}:
            said = f"Token {form.get('refresh_token')} is not valid any more"
            return json_reply({"error": "invalid_grant", "error_description": said}, 400)
        self.given += 1
        self.access_token = f"access-{self.given}"
        answer = {"access_token": self.access_token, "expires_in": 1800, "token_type": "Bearer"}
        if self.refresh_token is not None:
            self.refresh_token = f"refresh-{self.given}"
            answer["refresh_token"] = self.refresh_token
        return json_reply(answer)

    def accepts(self, request: Request) -> bool:
        return bool(self.access_token) and request.headers.get("authorization") == f"Bearer {self.access_token}"

    def expire(self) -> None:
        self.access_token = ""
