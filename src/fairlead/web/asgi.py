"""What uvicorn serves: `uvicorn fairlead.web.asgi:application`.

The entrance has made the process ready before (`store.boot.prepare`).
"""

import os
import warnings

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fairlead.web.django_settings")

# WhiteNoise reads files piece by piece, not asynchronously: they are small, and served from memory after the first time.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

application = get_asgi_application()
