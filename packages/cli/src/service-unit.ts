import { resolve } from 'node:path';

/** A systemd unit: applications live on when it restarts, and their control groups are ours to make. */
export const serviceUnit = (dataDirectory: string): string => `[Unit]
Description=Clever Grid
After=network-online.target
Wants=network-online.target

[Service]
ExecStart=${resolve(import.meta.dirname, '..', '..', '..', 'bin', 'grid')} up --data-directory ${dataDirectory}
Restart=always
RestartSec=1
KillMode=process
Delegate=yes
LimitNOFILE=1048576

[Install]
WantedBy=multi-user.target`;
