"""The pages that people see at sign-in. They have no scripts and load nothing from other hosts."""

from __future__ import annotations

import html

from aiohttp import web

_STYLE = """
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #f2f5f8;
       font: 16px/1.5 system-ui, sans-serif; color: #1b2733; }
main { width: 22rem; max-width: 90vw; padding: 2rem; border-radius: 12px; background: #fff;
       box-shadow: 0 2px 12px #1b273322; }
h1 { margin: 0 0 .25rem; font-size: 1.35rem; }
p { margin: .25rem 0 1rem; color: #4a5a6a; overflow-wrap: anywhere; }
p.error { padding: .6rem .8rem; border-radius: 8px; background: #fdecea; color: #8c1d18; }
label { display: block; margin-top: .75rem; font-weight: 600; }
input { box-sizing: border-box; width: 100%; margin-top: .25rem; padding: .55rem .7rem; font: inherit;
        border: 1px solid #9aa8b5; border-radius: 8px; }
button, a.button { display: inline-block; box-sizing: border-box; margin-top: 1.25rem; padding: .6rem 1rem;
        font: inherit; font-weight: 600; text-decoration: none; color: #fff; background: #1a6ce7; border: 0;
        border-radius: 8px; cursor: pointer; }
button { width: 100%; }
:focus-visible { outline: 3px solid #7fb1f7; outline-offset: 1px; }
"""


def _page(title: str, body: str, status: int, form_action: str = "'none'") -> web.Response:
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; form-action {form_action}; frame-ancestors 'none'; "
        "base-uri 'none'"
    )
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main>{body}</main></body></html>"
    )
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    return web.Response(text=text, content_type="text/html", status=status, headers=headers)


def sign_in(account: str, service: str, user: str, error: str, target: str) -> web.Response:
    """The sign-in form.

    Args:
        account: organization-account.
        service: name of the service that the user signs in to.
        user: user name to put into the form.
        error: why the last try failed; empty at the first try.
        target: origin to which the browser goes after sign-in.
    """
    # Browsers also apply form-action to the redirect that follows the form.
    shown = f'<p class="error" role="alert">{html.escape(error)}</p>' if error else ""
    name_focus, password_focus = ("", " autofocus") if user else (" autofocus", "")
    body = f"""
<h1>Sign in to Snowflake</h1>
<p>Local account {html.escape(account)}<br>to continue to {html.escape(service)}</p>{shown}
<form method="post">
<label for="username">Username</label>
<input id="username" name="username" value="{html.escape(user)}" autocomplete="username" required{name_focus}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required{password_focus}>
<button type="submit">Sign in</button>
</form>"""
    return _page("Sign in to Snowflake", body, 401 if error else 200, f"'self' {target}")


def new_password(account: str, user: str, error: str, target: str) -> web.Response:
    """The form for a password that must be changed before the first sign-in. Arguments as in `sign_in`."""
    shown = f'<p class="error" role="alert">{html.escape(error)}</p>' if error else ""
    name = html.escape(user)
    body = f"""
<h1>Choose a new password</h1>
<p>Local account {html.escape(account)}<br>The password of {name} must be changed.</p>{shown}
<form method="post">
<input type="hidden" name="username" value="{name}" autocomplete="username">
<label for="password">Current password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus>
<label for="new_password">New password</label>
<input id="new_password" name="new_password" type="password" autocomplete="new-password" required>
<label for="repeated">New password, once more</label>
<input id="repeated" name="repeated" type="password" autocomplete="new-password" required>
<button type="submit">Change password and sign in</button>
</form>"""
    return _page("Choose a new password", body, 401 if error else 200, f"'self' {target}")


def message(title: str, text: str, status: int, link: str = "", link_text: str = "") -> web.Response:
    """A page with one message and at most one link."""
    button = f'<a class="button" href="{html.escape(link)}">{html.escape(link_text)}</a>' if link else ""
    return _page(title, f"<h1>{html.escape(title)}</h1><p>{html.escape(text)}</p>{button}", status)
