// A stand-in for Splunk Web and the app's handlers, with their rules: the form key, the capability, secrets that never
// come out, a key that goes when its base URL changes.
const RAW = '/en-US/splunkd/__raw/';
export const FORM_KEY = '1234567890';
const COOKIES = [`splunkweb_csrf_token_8000=${FORM_KEY}; Path=/`, 'splunkweb_uid=0; Path=/'];

const json = (status, told) => ({ status, body: JSON.stringify(told) });

export class Splunk {
    constructor() {
        this.down = false; // the handler does not answer
        this.role = 'admin';
        this.calls = []; // {method, path, body, formKey}
        this.secrets = {}; // stanza → {name: secret}
        this.values = { settings: { default_mode: 'offline' }, live: { budget: '100' }, feeds: {}, delivery: {} };
        this.configured = false;
    }

    answer(request, url, body) {
        if (url.pathname === '/en-US/app/ipthreat/setup') return { status: 302, headers: { Location: '/setup.html', 'Set-Cookie': COOKIES }, body: '' };
        if (!url.pathname.startsWith(RAW)) return undefined;
        const path = url.pathname.slice(RAW.length);
        const formKey = request.headers['x-splunk-form-key'];
        this.calls.push({ method: request.method, path, body, formKey });
        if (request.method === 'POST' && formKey !== FORM_KEY) return json(403, { messages: [{ text: 'CSRF validation failed' }] });
        if (path === 'services/apps/local/ipthreat') {
            this.configured = body === 'configured=true';
            return json(200, {});
        }
        if (this.down) return { status: 503, type: 'text/html', body: '<h1>Service unavailable</h1>' };
        if (this.role !== 'admin') return json(403, { error: 'this needs the capability ipthreat_admin: ask your Splunk administrator for the role ipthreat_admin' });
        return this.handle(request.method, path.split('/').at(-1), body ? JSON.parse(body) : {});
    }

    handle(method, name, told) {
        if (name === 'settings') return method === 'GET' ? json(200, this.shown()) : this.change(told);
        if (name === 'test') return this.tested(told.provider);
        const left = this.secrets['provider:virustotal']?.key ? { day: 431 } : {};
        return json(200, { providers: [{ provider: 'virustotal', configured: true, left, problem: '' }] });
    }

    shown() {
        const provider = (name, title, needs) => ({
            name, title, needs, has_key: Boolean(this.secrets[`provider:${name}`]?.key), secrets: [], values: this.values[`provider:${name}`] ?? {},
        });
        const destinations = Object.keys(this.values).filter((name) => name.startsWith('destination:'));
        return {
            ...Object.fromEntries(['settings', 'live', 'feeds', 'delivery'].map((name) => [name, this.values[name]])),
            providers: [provider('virustotal', 'VirusTotal', ['key']), provider('misp', 'MISP <b>of ours</b>', ['key', 'base_url']), provider('rdap', 'RDAP', [])],
            destinations: destinations.map((name) => ({ name: name.split(':')[1], has_url: Boolean(this.secrets[name]?.url), ...this.values[name] })),
            kinds: ['generic', 'slack', 'teams'],
            proxy: this.secrets.live?.proxy ? 'https://***@proxy.example:3128' : '',
        };
    }

    change({ stanza, values = {}, secrets = {}, forget = false }) {
        if (secrets.key?.includes(' ')) return json(400, { error: 'key is empty or has spaces in it' });
        const done = [];
        if (forget) {
            delete this.secrets[stanza];
            if (stanza.startsWith('destination:')) delete this.values[stanza];
            return json(200, { done: [`the secrets of ${stanza.split(':').at(-1)} are deleted`] });
        }
        if ('base_url' in values && this.secrets[stanza]?.key) {
            delete this.secrets[stanza].key;
            done.push(`the key of ${stanza.split(':')[1]} is deleted, because base_url changed: enter it again`);
        }
        this.values[stanza] = { ...this.values[stanza], ...values };
        this.secrets[stanza] = { ...this.secrets[stanza], ...secrets };
        return json(200, { done: [...done, ...Object.keys(secrets).map((name) => `${name} is kept`), `[${stanza}] is kept`] });
    }

    tested(provider) {
        const key = this.secrets[`provider:${provider}`]?.key;
        if (!key) return json(400, { error: `${provider} cannot be tested: it has no key` });
        const works = key.startsWith('canary-good');
        return json(200, { provider, ok: works, status: works ? 'ok' : 'auth_error', reason: works ? '' : 'the key is refused', left: works ? { day: 431 } : {} });
    }
}
