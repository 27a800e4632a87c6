"""What PLC firmware does: scan over a process image, interlocks, handshake, watchdog."""
