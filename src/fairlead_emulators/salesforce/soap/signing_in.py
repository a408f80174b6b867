"""login, logout, getUserInfo, getServerTimestamp over SOAP."""

from dataclasses import dataclass
from typing import Any, Final

from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata.markup import child_text
from fairlead_emulators.salesforce.rest.wire import Api
from fairlead_emulators.salesforce.signin.checks import by_password
from fairlead_emulators.salesforce.signin.sessions import SESSION_TIMEOUT
from fairlead_emulators.salesforce.soap.door import Call, Work
from fairlead_emulators.salesforce.soap.envelope import NIL, SoapFault

fact("soap_login")
fact("soap_login_fault")

LOGIN_SETTING: Final = "soap_login_password"
"""The setting that turns login() on for versions before 65.0, and is the password."""


@dataclass(frozen=True, slots=True)
class SigningIn:
    """The calls on one org."""

    api: Api

    def calls(self) -> dict[str, Work]:
        """The calls by name."""
        return {
            "login": self.login,
            "logout": self.logout,
            "getUserInfo": lambda call: [self._user_info(self.api.org.acting_user())],
            "getServerTimestamp": lambda call: [{"timestamp": self.api.org.now()}],
        }

    def login(self, call: Call) -> list[Any]:
        """LoginResult of `username` and `password`. Off unless the org's settings hold a password."""
        password = self.api.org.settings.get(LOGIN_SETTING)
        if not password:
            message = "SOAP API login() is disabled by default in this org."
            raise SoapFault("INVALID_OPERATION", message, "LoginFault")
        me, body = self.api.org.identity, call.asked.body
        who = by_password(self.api.org, child_text(body, "username"), child_text(body, "password"), LOGIN_SETTING)
        if who is None:
            message = "Invalid username, password, security token; or user locked out."
            raise SoapFault("INVALID_LOGIN", message, "LoginFault")
        root = f"{call.base}/services/Soap"
        return [
            {
                "metadataServerUrl": f"{root}/m/{call.version}.0/{me.org_id}",
                "passwordExpired": False,
                "sandbox": False,
                "serverUrl": f"{root}/u/{call.version}.0/{me.org_id[:15]}",
                "sessionId": self.api.sessions.open(who.user_id),
                "userId": who.user_id,
                "userInfo": self._user_info(who.user_id),
            }
        ]

    def logout(self, call: Call) -> list[Any]:
        """Ends the session."""
        self.api.sessions.revoke(call.session)
        return []

    def _user_info(self, user_id: str) -> dict[str, Any]:
        """GetUserInfoResult: what clients read of the signed-in user."""
        org, me = self.api.org, self.api.org.identity
        with org.storage.lock:
            connection = org.storage.connection
            asked = "Username, Name, Email, LanguageLocaleKey, LocaleSidKey, TimeZoneSidKey, ProfileId, UserType"
            user = connection.execute(f"SELECT {asked} FROM User WHERE Id = ?", (user_id,)).fetchone()
            name = connection.execute("SELECT Name FROM Organization").fetchone()
        username, full_name, email, language, locale, zone, profile, kind = user
        return {
            "accessibilityMode": False,
            "currencySymbol": "$",
            "organizationId": me.org_id,
            "organizationMultiCurrency": False,
            "organizationName": name[0] if name else NIL,
            "profileId": profile,
            "roleId": NIL,
            "sessionSecondsValid": int(SESSION_TIMEOUT.total_seconds()),
            "userDefaultCurrencyIsoCode": NIL,
            "userEmail": email,
            "userFullName": full_name,
            "userId": user_id,
            "userLanguage": language,
            "userLocale": locale,
            "userName": username,
            "userTimeZone": zone,
            "userType": kind,
            "userUiSkin": "Theme3",
        }
