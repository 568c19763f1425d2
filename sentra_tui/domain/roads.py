"""The roads to a provider, and why one of them was not taken."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Road(StrEnum):
    """How a call travels; its value is the word for the screen."""

    WEBRTC = "webrtc"
    TURN = "turn"
    """WebRTC through a TURN server."""
    WEBSOCKET = "websocket"
    HTTP = "http"
    """Three requests in place of a call: write down, answer, speak."""


class Stage(IntEnum):
    """How far a dial by one road has come."""

    BEGUN = 0
    """The provider cannot be asked yet: it is still being started."""
    ASKED = 1
    ANSWERED = 2
    """The provider took the offer: a way for the sound is looked for (ICE)."""
    OPEN = 3
    """There is one: what is left is to agree on keys and to open the data channel."""


class Reason(StrEnum):
    """Why a dial, or a request, came to nothing, as far as that tells whether another road may do."""

    OTHER = "other"
    UDP_BLOCKED = "udp_blocked"
    """The server answers over HTTP and no media path to it opens."""
    TURN_REFUSED = "turn_refused"
    """The TURN server did not take the credentials, or did not answer."""
    NOT_OFFERED = "not_offered"
    """The server does not have this road, or not in this form."""
    MODEL_REFUSED = "model_refused"
    """The server does not have the realtime model, or does not let this key use it."""
    SERVER_ERROR = "server_error"
    """The server failed (5xx)."""
    SILENT = "silent"
    """A request, or a connection that opened, got no answer in time."""
    OVERTAKEN = "overtaken"
    """Nothing is known to be wrong with it, but another road stood before it."""
    LOSSY = "lossy"
    """A call went by it, and too many of its packets were lost."""
    UNREACHABLE = "unreachable"
    """There is no connection to the host: no name, no route, nobody listens, no answer in time."""
    TLS_INSPECTED = "tls_inspected"
    """The certificate is not trusted: something in between reads along, or the server is another than it says."""
    PROXY_LOGIN = "proxy_login"
    """A proxy wants a login (407)."""
    CAPTIVE_PORTAL = "captive_portal"
    """A web page came in place of an answer."""
    TOO_MANY = "too_many"
    """The server asks for fewer requests (429)."""
    NO_CREDIT = "no_credit"
    """The account must be paid for before anything is answered."""


ANOTHER_ROAD_MAY_DO = frozenset(
    {
        Reason.OTHER,
        Reason.UDP_BLOCKED,
        Reason.TURN_REFUSED,
        Reason.NOT_OFFERED,
        Reason.MODEL_REFUSED,
        Reason.SERVER_ERROR,
        Reason.SILENT,
        Reason.OVERTAKEN,
        Reason.LOSSY,
    }
)
"""The other reasons stand in the way of every road to the same host."""

WORDS = {
    Reason.OTHER: "the call could not be made",
    Reason.UDP_BLOCKED: "UDP is blocked",
    Reason.TURN_REFUSED: "the TURN server refused",
    Reason.NOT_OFFERED: "the server does not offer it",
    Reason.MODEL_REFUSED: "the model was refused",
    Reason.SERVER_ERROR: "server error",
    Reason.SILENT: "the server did not answer in time",
    Reason.OVERTAKEN: "another road was faster",
    Reason.LOSSY: "too many packets are lost",
    Reason.UNREACHABLE: "the host cannot be reached",
    Reason.TLS_INSPECTED: "TLS is inspected",
    Reason.PROXY_LOGIN: "the proxy wants a login",
    Reason.CAPTIVE_PORTAL: "a web page came instead",
    Reason.TOO_MANY: "too many requests",
    Reason.NO_CREDIT: "the account has no credit",
}
"""What the screen says of each reason, a few words."""
