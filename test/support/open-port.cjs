// Opens a serial port with the serialport package and prints why it failed: open-port.cjs <module> <port>
const { SerialPort } = require(process.argv[2]);
const port = new SerialPort({ path: process.argv[3], baudRate: 115200 }, (error) => {
  process.stdout.write(error === null ? "opened" : error.message);
  if (port.isOpen) port.close();
});
