"""WhatsApp Business Cloud API (Meta) at its wire format."""
