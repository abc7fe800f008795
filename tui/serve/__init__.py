"""The app in browsers: a web server that starts a process of the app for each window."""
