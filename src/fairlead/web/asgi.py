"""What uvicorn serves: `uvicorn fairlead.web.asgi:application`. The entrance has called `wiring.setup` before."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fairlead.web.django_settings")

application = get_asgi_application()
