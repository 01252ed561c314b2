// Canonicalizes JSON-LD documents with jsonld.js, as Data Integrity cryptosuites of Digital Bazaar do.
// Standard input: {"contexts": {url: document}, "documents": [...]}. Standard output: a list of N-Quads, or null.
import jsonld from 'jsonld';

const chunks = [];
for await (const chunk of process.stdin) {
  chunks.push(chunk);
}
const {contexts, documents} = JSON.parse(Buffer.concat(chunks).toString('utf8'));

async function documentLoader(url) {
  if (!(url in contexts)) {
    throw new Error(`unknown context ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document: contexts[url]};
}

const answers = [];
for (const document of documents) {
  try {
    answers.push(await jsonld.canonize(document, {
      algorithm: 'RDFC-1.0', format: 'application/n-quads', rdfDirection: 'i18n-datatype', safe: true, base: null,
      documentLoader,
    }));
  } catch {
    answers.push(null);
  }
}
process.stdout.write(JSON.stringify(answers));
