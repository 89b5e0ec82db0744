// Drives headless Chromium over the app's pages. Started by ./run, which lays everything into one folder.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { close } from './check.mjs';
import { dashboards, hostile } from './dashboards.mjs';
import { serve } from './server.mjs';
import { setupPage } from './setup.mjs';
import { Gateway } from './setup_gateway.mjs';

const folder = process.argv[2];
const only = process.env.ONLY;
mkdirSync(join(folder, 'shots'), { recursive: true });
const { server, origin } = await serve([join(folder, 'pages')]);
const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
});
try {
    if (only !== 'setup') {
        await dashboards(browser, origin, folder, only);
        await hostile(browser, origin, folder);
    }
    if (!only || only === 'setup') {
        const gateway = await Gateway.started(process.env.PYTHON, process.env.GATEWAY);
        try {
            await setupPage(browser, folder, gateway);
        } finally {
            gateway.close();
        }
    }
} finally {
    await browser.close();
    server.close();
}
process.exitCode = close();
