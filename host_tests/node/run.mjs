// Runs a script under a MicroPython of WebAssembly. What is to be done comes on the standard input, as JSON:
//
//     module    where micropython.mjs is
//     heapsize  bytes, at first: this port adds more when they are spent
//     put       [[from, to], …], what is put into the memory that is its file system
//     folder    its files are put into the current folder there, and those there are fetched afterwards
//     script    its text
//
// The port collects garbage only when Python has returned to JavaScript. So a script that allocates much leaves a
// function `more`: it is called again and again, does a little each time, and returns whether there is more to do.

import fs from 'fs';
import path from 'path';
import url from 'url';

function put(FS, from, to) {
    if (!fs.statSync(from).isDirectory()) {
        FS.writeFile(to, fs.readFileSync(from));
        return;
    }
    FS.mkdirTree(to);
    for (const name of fs.readdirSync(from)) {
        put(FS, path.join(from, name), to + '/' + name);
    }
}

function fetch(FS, from, to) {
    for (const name of FS.readdir(from)) {
        if (FS.isFile(FS.stat(from + name).mode)) {
            fs.writeFileSync(path.join(to, name), FS.readFile(from + name));
        }
    }
}

async function main() {
    const job = JSON.parse(fs.readFileSync(0, 'utf8'));
    const { loadMicroPython } = await import(url.pathToFileURL(job.module).href);
    const stdout = data => fs.writeSync(1, data);
    const micropython = await loadMicroPython({ heapsize: job.heapsize, linebuffer: false, stdout });
    for (const [from, to] of [...job.put, [job.folder, '/']]) {
        put(micropython.FS, from, to);
    }
    try {
        micropython.runPython(job.script);
        const more = micropython.globals.get('more');
        while (more && more());
    } catch (error) {
        if (error.name !== 'PythonError') {
            throw error;
        }
        console.log(error.message);
        process.exitCode = 1;
    }
    fetch(micropython.FS, '/', job.folder);
}

main().catch(error => {
    console.error(error);
    process.exit(1);
});
