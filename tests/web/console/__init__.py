"""The console without a browser: sessions, forms, who may do what."""
