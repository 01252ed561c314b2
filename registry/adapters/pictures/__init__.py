"""Badge pictures, sharing pictures, QR codes and certificates: what people see and print (docs/decisions/0105-*.md)."""
