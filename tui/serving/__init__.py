"""The application in a browser: a web server that starts it once for each visitor."""
