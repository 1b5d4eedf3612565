// Write items into a table of a dynalite that is not running, by dynalite's own functions and without HTTP:
//   node dynalite_fill.js FOLDER_OF_THE_PACKAGE FOLDER_OF_THE_DATA TABLE < items, one as JSON in each line
const [package, path, name] = process.argv.slice(2)
const database = require(package + '/db')
const readline = require('readline')
const store = database.create({ path })
const AT_ONCE = 1000

function called(call) {
  return new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))))
}

async function fill() {
  const table = await called((done) => store.getTable(name, done))
  const items = store.getItemDb(name)
  let puts = []
  const write = async () => {
    const batch = puts
    puts = []
    await called((done) => items.batch(batch, done))
  }
  // Made here, since lines that come before the loop waits for them would be lost.
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const item = JSON.parse(line)
    const refused = database.validateItem(item, table)
    if (refused) throw refused
    puts.push({ type: 'put', key: database.createKey(item, table), value: item })
    if (puts.length === AT_ONCE) await write()
  }
  if (puts.length) await write()
}

fill().then(
  () => process.exit(0),
  (error) => {
    console.error(error)
    process.exit(1)
  },
)
