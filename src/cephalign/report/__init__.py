"""What people look at after a registration: a picture, and a page that works from disk."""
