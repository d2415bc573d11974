"""What a chat's views ask the kernel to do, a module for each capability."""
