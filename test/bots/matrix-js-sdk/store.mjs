// matrix-js-sdk keeps its encryption keys in IndexedDB, which Node.js doesn't have: fake-indexeddb has it in memory, and
// this puts it into a file and back.
import "fake-indexeddb/auto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { deserialize, serialize } from "node:v8";

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

let saved = Promise.resolve();

/** Puts all databases into a file, once those before are there. */
export function save(path) {
  saved = saved.then(() => write(path));
  return saved;
}

async function write(path) {
  const databases = [];
  for (const { name, version } of await indexedDB.databases()) {
    const database = await settled(indexedDB.open(name, version));
    const stores = [];
    for (const storeName of database.objectStoreNames) {
      const store = database.transaction(storeName).objectStore(storeName);
      const { keyPath, autoIncrement } = store;
      const indexes = [...store.indexNames].map((indexName) => {
        const { name, keyPath, unique, multiEntry } = store.index(indexName);
        return { name, keyPath, unique, multiEntry };
      });
      const [keys, values] = await Promise.all([settled(store.getAllKeys()), settled(store.getAll())]);
      stores.push({ name: storeName, keyPath, autoIncrement, indexes, keys, values });
    }
    database.close();
    databases.push({ name, version, stores });
  }
  await writeFile(`${path}.new`, serialize(databases), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Makes the databases that were saved, if any were. */
export async function load(path) {
  const saved = await readFile(path).catch(() => undefined);
  for (const { name, version, stores } of saved ? deserialize(saved) : []) {
    const request = indexedDB.open(name, version);
    request.onupgradeneeded = () => {
      for (const { name, keyPath, autoIncrement, indexes, keys, values } of stores) {
        const store = request.result.createObjectStore(name, { keyPath, autoIncrement });
        for (const { name, keyPath, ...options } of indexes) store.createIndex(name, keyPath, options);
        for (const [index, value] of values.entries()) {
          store.put(value, ...(keyPath === null ? [keys[index]] : []));
        }
      }
    };
    (await settled(request)).close();
  }
}
