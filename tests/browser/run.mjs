// Drives headless Chromium over the app's pages. Started by ./run, which lays everything into one folder.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { close } from './check.mjs';
import { dashboards, hostile } from './dashboards.mjs';
import { serve } from './server.mjs';
import { setupPage } from './setup.mjs';
import { Splunk } from './splunk.mjs';

const folder = process.argv[2];
const only = process.env.ONLY;
mkdirSync(join(folder, 'shots'), { recursive: true });
const splunk = new Splunk();
const { server, origin } = await serve([join(folder, 'pages')], (...asked) => splunk.answer(...asked));
const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
});
try {
    if (only !== 'setup') {
        await dashboards(browser, origin, folder, only);
        await hostile(browser, origin, folder);
    }
    if (!only || only === 'setup') await setupPage(browser, origin, folder, splunk, process.argv[3]);
} finally {
    await browser.close();
    server.close();
}
process.exitCode = close();
