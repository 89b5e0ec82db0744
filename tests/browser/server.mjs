// A server on loopback for the pages under test: built files.
import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.png': 'image/png' };

export function serve(folders) {
    const server = createServer((request, response) => {
        const answer = file(folders, new URL(request.url, 'http://127.0.0.1').pathname);
        response.writeHead(answer.status, { 'Content-Type': answer.type ?? 'application/json', ...answer.headers });
        response.end(answer.body);
    });
    return new Promise((resolve) => {
        server.listen(0, '127.0.0.1', () => resolve({ server, origin: `http://127.0.0.1:${server.address().port}` }));
    });
}

function file(folders, pathname) {
    const below = normalize(pathname).replace(/^(\.\.[/\\])+/, '');
    const path = folders.map((folder) => join(folder, below)).find((candidate) => existsSync(candidate));
    if (!path) return { status: 404, type: 'text/plain', body: 'not found' };
    return { status: 200, type: TYPES[extname(path)] ?? 'application/octet-stream', body: readFileSync(path) };
}
