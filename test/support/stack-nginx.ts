import { join } from "node:path";

/** Where everything listens: the two servers, and nginx in front of them. */
export interface StackPorts {
  readonly synapse: number;
  readonly mas: number;
  readonly http: number;
  readonly https: number;
  readonly masHttps: number;
}

export interface NginxSettings {
  /** Where it keeps what it has to write. */
  readonly folder: string;
  /** The folder of the certificate and its key, where there is https. */
  readonly tls: string | undefined;
  readonly ports: StackPorts;
}

/** All that nginx says to who is behind it. */
const HEADERS = `
  proxy_http_version 1.1;
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header Connection "";
`;

/**
 * nginx in front of Synapse, and with https in front of the authorization server too.
 *
 * @param locations where requests to Synapse's own address go
 */
export function nginxConfiguration({ folder, tls, ports }: NginxSettings, locations: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${join(folder, name)};`)
    .join(" ");
  const certificate = `ssl_certificate ${tls}/tls.crt; ssl_certificate_key ${tls}/tls.key;`;
  const overTls = `
    server { listen 127.0.0.1:${ports.https} ssl; ${certificate} ${HEADERS} ${locations} }
    server { listen 127.0.0.1:${ports.masHttps} ssl; ${certificate} ${HEADERS}
      location / { proxy_pass http://127.0.0.1:${ports.mas}; }
    }`;
  // One process is killed with all that it does.
  return `
daemon off; master_process off; pid ${join(folder, "nginx.pid")}; error_log stderr;
events { worker_connections 512; }
http {
  access_log off; ${temporary}
  server { listen 127.0.0.1:${ports.http}; ${HEADERS} ${locations} }
  ${tls === undefined ? "" : overTls}
}
`;
}
