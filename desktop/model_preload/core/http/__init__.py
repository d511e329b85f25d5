"""The network: the one room that opens connections.

    client = Client(proxies=system_proxies(), limiter=RateLimiter(bytes_a_second))
    with client.stream(url, control=control) as reply: ...     the bytes of a file
    client.fetch(url, budget, control=control)                 a listing, whole, under caps

One budget of connections, one rate limiter, one policy for proxies, certificates, redirects and tokens.
"""

from model_preload.core.http.budget import Budget
from model_preload.core.http.client import Answer, Client, Reply
from model_preload.core.http.limiter import RateLimiter
from model_preload.core.http.patience import Patience
from model_preload.core.http.policy import Token, origin_of
from model_preload.core.http.proxies import system_proxies

__all__ = ["Answer", "Budget", "Client", "Patience", "RateLimiter", "Reply", "Token", "origin_of", "system_proxies"]
