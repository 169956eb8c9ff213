"""The addresses of the administrator's pages."""

from __future__ import annotations

from tornado.routing import URLSpec

from appliance.server.about import AboutHandler, LicenceHandler
from appliance.server.administration import RestartingHandler
from appliance.server.audit import AuditHandler
from appliance.server.config import ConfigHandler, ConfigTextHandler
from appliance.server.login_item import LoginItemHandler
from appliance.server.logs import AllLogsHandler, LogFileHandler, LogsHandler
from appliance.server.packages import (
    INSTALL,
    InstallHandler,
    PackageHandler,
    PackagesHandler,
    PublicHandler,
    RemoveHandler,
    UpdatePackageHandler,
)
from appliance.server.userlist import (
    DeletePersonHandler,
    InviteHandler,
    PersonHandler,
    PrivilegesHandler,
    ResetPersonHandler,
    UserListHandler,
)

__all__ = ["administration_routes"]

_PACKAGE = r"([\w.]{1,200})"


def administration_routes() -> list[URLSpec]:
    """All of them."""
    return [
        URLSpec(r"/userlist", UserListHandler),
        URLSpec(r"/userlist/invite", InviteHandler),
        URLSpec(r"/userlist/privileges", PrivilegesHandler),
        URLSpec(r"/userlist/(\d{1,15})", PersonHandler),
        URLSpec(r"/userlist/(\d{1,15})/reset", ResetPersonHandler),
        URLSpec(r"/userlist/(\d{1,15})/delete", DeletePersonHandler),
        URLSpec(r"/packages", PackagesHandler),
        URLSpec(INSTALL, InstallHandler),
        URLSpec(r"/packages/public", PublicHandler),
        URLSpec(rf"/packages/{_PACKAGE}", PackageHandler),
        URLSpec(rf"/packages/{_PACKAGE}/remove", RemoveHandler),
        URLSpec(r"/updatepackage", UpdatePackageHandler),
        URLSpec(r"/config", ConfigHandler),
        URLSpec(r"/config/text", ConfigTextHandler),
        URLSpec(r"/config/login-item", LoginItemHandler),
        URLSpec(r"/logs", LogsHandler),
        URLSpec(r"/logs/download", LogFileHandler),
        URLSpec(r"/logs/all\.zip", AllLogsHandler),
        URLSpec(r"/audit", AuditHandler),
        URLSpec(r"/about", AboutHandler),
        URLSpec(r"/about/licence", LicenceHandler),
        URLSpec(r"/restarting", RestartingHandler),
    ]
