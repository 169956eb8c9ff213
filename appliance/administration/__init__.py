"""What an administrator does with the appliance itself: packages, settings, logs; without the pages."""
