// The gateway that setup_gateway.py serves: Splunk Web in front of the app's real handlers, and what it knows.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export class Gateway {
    static async started(python, script) {
        const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
        const first = once(createInterface(child.stdout), 'line');
        const failed = once(child, 'exit').then(([code]) => { throw new Error(`the gateway ended with ${code}`); });
        const [origin] = await Promise.race([first, failed]);
        failed.catch(() => null); // from now on it may end
        return new Gateway(child, origin);
    }

    constructor(child, origin) {
        Object.assign(this, { child, origin });
    }

    async act(name, argument = '') {
        const answer = await fetch(`${this.origin}/control/${name}?${argument}`);
        if (!answer.ok) throw new Error(`the gateway answers ${answer.status} to ${name}`);
        return answer.json();
    }

    // {secrets: {realm:name → secret}, stanzas, configured, calls, log, form_key}
    state() {
        return this.act('state');
    }

    async secret(name) {
        return (await this.state()).secrets[name];
    }

    // A page of somebody who is logged in.
    async visitor(browser, user, options = {}) {
        const context = await browser.newContext(options);
        const [name, value] = (await this.act('log-in', user)).done.split('=');
        await context.addCookies([{ name, value, url: this.origin }]);
        return context;
    }

    close() {
        this.child.stdin.end();
    }
}
