"""The way in: a one-time link for the first admin, and a brake on guessed passwords."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes, force_str
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from fairlead.ui.models import SignInFailure

FIRST_ADMIN = "admin"
FAILURES_AT_MOST = 5
WITHIN = timedelta(minutes=15)


class _LinkTokens(PasswordResetTokenGenerator):
    """A token is spent by signing in: the time of the last sign-in is part of it. It lives PASSWORD_RESET_TIMEOUT seconds."""

    key_salt = "fairlead.ui.sign_in"


_tokens = _LinkTokens()


def one_time_link(public_url: str, username: str = FIRST_ADMIN) -> str:
    """A link that signs this user in, once, within 15 minutes; the user is made if there is none."""
    user, made = User.objects.get_or_create(username=username, defaults={"is_staff": True, "is_superuser": True})
    if made:
        user.set_unusable_password()
        user.save()
    number = urlsafe_base64_encode(force_bytes(user.pk))
    return public_url.rstrip("/") + reverse("sign_in_link", args=[number, _tokens.make_token(user)])


def first_link(public_url: str) -> str | None:
    """A one-time link while nobody has a password yet; None afterwards."""
    if any(user.has_usable_password() for user in User.objects.all()):
        return None
    return one_time_link(public_url)


def user_of_link(number: str, token: str) -> User | None:
    """Whose link it is; None for one that is spent, too old or wrong."""
    try:
        user = User.objects.filter(pk=int(force_str(urlsafe_base64_decode(number)))).first()
    except (ValueError, OverflowError, UnicodeDecodeError):
        return None
    return user if user is not None and user.is_active and _tokens.check_token(user, token) else None


def must_wait(key: bytes, most: int = FAILURES_AT_MOST) -> bool:
    """Whether so many attempts failed for this key (user and address, hashed) that the next must wait."""
    since = timezone.now() - WITHIN
    return SignInFailure.objects.filter(key=key, at__gte=since).count() >= most


def note_failure(key: bytes) -> None:
    """A password failed. Old notes are dropped on the way."""
    SignInFailure.objects.filter(at__lt=timezone.now() - WITHIN).delete()
    SignInFailure.objects.create(key=key)


def forget_failures(key: bytes) -> None:
    """A sign-in worked."""
    SignInFailure.objects.filter(key=key).delete()
