// Asks for the head of one thing again and again, on several connections that are kept, for a second. wrk cannot: it waits for the body
// that Content-Length names. A process of its own, for the load's cores. Prints how many answers came in a second.
//
//   bun bench/peers/header.ts HOST PATH CLIENTS ACCEPT
const [host = "", path = "", clients = "", accept = ""] = process.argv.slice(2);
const { hostname, port } = new URL(`http://${host}`);
const request = `HEAD ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: ${accept}\r\n\r\n`;

let count = 0;
const connected = () => {
  let head = "";
  return Bun.connect({
    ...{ hostname, port: Number(port) },
    socket: {
      open: (socket) => void socket.write(request),
      data(socket, piece) {
        head += piece.toString("latin1");
        if (!head.endsWith("\r\n\r\n")) return;
        if (!head.startsWith("HTTP/1.1 200 ")) throw new Error(head);
        head = "";
        count++;
        socket.write(request);
      },
      close() {
        throw new Error("the connection was closed");
      },
    },
  });
};

const began = performance.now();
await Promise.all(Array.from({ length: Number(clients) }, connected));
await Bun.sleep(1000);
console.log(count / ((performance.now() - began) / 1000));
process.exit();
