"""An admission webhook that adds the variables of IRSA to every container of a Pod. Arguments: the port and the ARN of the role."""
import base64
import json
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, ROLE = int(sys.argv[1]), sys.argv[2]
VARIABLES = [
    {'name': 'AWS_ROLE_ARN', 'value': ROLE},
    # STS's stand-in accepts any token, and this one is there.
    {'name': 'AWS_WEB_IDENTITY_TOKEN_FILE', 'value': '/var/run/secrets/rolegate.dev/serviceaccount/token'},
]


def patch(pod):
    for index, container in enumerate(pod['spec']['containers']):
        path = f'/spec/containers/{index}/env'
        if not container.get('env'):
            yield {'op': 'add', 'path': path, 'value': []}
        for variable in VARIABLES:
            yield {'op': 'add', 'path': f'{path}/-', 'value': variable}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        review = json.loads(self.rfile.read(int(self.headers['content-length'])))
        text = json.dumps(list(patch(review['request']['object'])))
        review['response'] = {
            'uid': review['request']['uid'],
            'allowed': True,
            'patchType': 'JSONPatch',
            'patch': base64.b64encode(text.encode()).decode(),
        }
        del review['request']
        body = json.dumps(review).encode()
        self.send_response(200)
        self.send_header('content-type', 'application/json')
        self.send_header('content-length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(('', PORT), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('/files/tls.crt', '/files/tls.key')
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
