"""Trigger Twilio Studio flows from events."""
